#pragma once

#include <string>
#include <string_view>

namespace portolan::transcode {

// The path with one slash in place of several and none at its end, except for `/` itself:
// `//v1///chat/completions/` becomes `/v1/chat/completions`. Clients make such paths of a base URL that ends
// in a slash. Encoded slashes (`%2F`) stay. The result is `path` itself if that is clean, as most are, else a
// view of *buffer.
std::string_view CleanPath(std::string_view path, std::string* buffer);

// A path fit for errors and the log: cut at 256 bytes, control characters and all that is not ASCII escaped.
std::string ShownPath(std::string_view path);

}  // namespace portolan::transcode
