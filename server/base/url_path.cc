#include "server/base/url_path.h"

#include <string>

#include "server/base/text.h"

namespace portolan {

bool HasDotSegment(std::string_view path) {
  // Decoded until nothing is left to decode: servers behind proxies may do so more than once.
  std::string decoded(path);
  for (size_t at = 0; (at = decoded.find('%', at)) != std::string::npos;) {
    const int high = at + 3 <= decoded.size() ? HexValue(decoded[at + 1]) : -1;
    const int low = at + 3 <= decoded.size() ? HexValue(decoded[at + 2]) : -1;
    if (high < 0 || low < 0) {
      ++at;
      continue;
    }
    decoded.replace(at, 3, 1, static_cast<char>(high * 16 + low));
  }
  std::string_view rest = decoded;
  while (true) {
    const size_t end = rest.find_first_of("/\\");
    const std::string_view segment = rest.substr(0, end);
    if (segment == "." || segment == "..") return true;
    if (end == std::string_view::npos) return false;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace portolan
