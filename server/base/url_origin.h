#pragma once

#include <string_view>

namespace portolan {

// The scheme, host and port of a URL, which is what a log or an explanation may show of it. Empty if it has
// none, or holds user info.
inline std::string_view OriginOf(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  const std::string_view origin = url.substr(0, url.find_first_of("/?#", scheme + 3));
  return origin.find('@') == std::string_view::npos ? origin : std::string_view();
}

}  // namespace portolan
