#pragma once

#include <string>
#include <string_view>

namespace portolan::transcode {

// A path in which repeated slashes are one and none stands at the end (but of `/`), as clients make them of a
// base URL that ends in a slash: `//v1///chat/completions/` is `/v1/chat/completions`. Encoded slashes
// (`%2F`) stay. Most paths are so already and are given back as they are; others are made in *buffer, which
// must outlive the result.
std::string_view CleanPath(std::string_view path, std::string* buffer);

// A path as errors and the log tell it: cut at 256 bytes, control characters and what is not ASCII escaped.
std::string ShownPath(std::string_view path);

}  // namespace portolan::transcode
