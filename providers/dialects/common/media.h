#pragma once

// Media in requests: data URLs and media types.

#include <string>
#include <string_view>

namespace portolan::providers {

// What a data URL (RFC 2397) in base64 holds.
struct DataUrl {
  std::string media_type;  // in lower case, without parameters; `image/jpg` and `image/pjpeg` as `image/jpeg`
  std::string_view data;   // points into the URL
};

bool IsDataUrl(std::string_view url);
// `http:` or `https:`.
bool IsWebUrl(std::string_view url);

// Reads a data URL. Returns what is wrong with it, for a person; empty if nothing is. Whether the data is
// base64 is not looked at.
// REQUIRES: IsDataUrl(url).
std::string_view ReadDataUrl(std::string_view url, DataUrl* out);

// The media type that the name of a file, or the path of a URL, ends in (`.pdf`); empty if it tells none.
std::string_view MediaTypeOfName(std::string_view name);

}  // namespace portolan::providers
