#include "server/base/url_path.h"

#include <string>

#include "server/base/text.h"

namespace portolan {

namespace {

// The path without percent-encoding, however often it was encoded: servers behind proxies may decode more
// than once.
std::string DecodeAll(std::string_view path) {
  std::string decoded;
  for (const char c : path) {
    decoded += c;
    // What was just made may end another code.
    while (decoded.size() >= 3 && decoded[decoded.size() - 3] == '%') {
      const int high = HexValue(decoded[decoded.size() - 2]);
      const int low = HexValue(decoded.back());
      if (high < 0 || low < 0) break;
      decoded.resize(decoded.size() - 3);
      decoded += static_cast<char>(high * 16 + low);
    }
  }
  return decoded;
}

}  // namespace

bool HasDotSegment(std::string_view path) {
  const std::string decoded = DecodeAll(path);
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
