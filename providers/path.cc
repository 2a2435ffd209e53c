#include "providers/path.h"

namespace portolan::providers {

void AppendPathSegment(std::string_view text, bool keep_slash, std::string* out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  // A segment of dots alone would climb out of its folder.
  const bool dots = text.find_first_not_of('.') == std::string_view::npos;
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                            c == '-' || c == '_' || c == '~' || (c == '.' && !dots) || c == ':' ||
                            (c == '/' && keep_slash);
    if (unreserved) {
      *out += c;
    } else {
      *out += '%';
      *out += kHex[static_cast<unsigned char>(c) >> 4];
      *out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
}

}  // namespace portolan::providers
