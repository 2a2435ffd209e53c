#include "providers/path.h"

#include "server/base/text.h"

namespace portolan::providers {

void AppendPathSegment(std::string_view text, bool keep_slash, std::string* out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  size_t begin = 0;  // of the segment that `text[i]` is in
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '/' && keep_slash) begin = i + 1;
    // A segment of dots alone would climb out of its folder.
    const size_t end = keep_slash ? text.find('/', begin) : text.size();
    const std::string_view segment = text.substr(begin, end - begin);
    const bool dots = segment.find_first_not_of('.') == std::string_view::npos;
    const bool unreserved = IsLetterOrDigit(c) || c == '-' || c == '_' || c == '~' || (c == '.' && !dots) ||
                            c == ':' || c == '@' || (c == '/' && keep_slash);
    if (unreserved) {
      *out += c;
    } else {
      *out += '%';
      *out += kHex[static_cast<unsigned char>(c) >> 4];
      *out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
}

void AppendQuery(std::string_view query, std::string* path) {
  if (query.empty()) return;
  *path += path->find('?') == std::string::npos ? '?' : '&';
  *path += query;
}

}  // namespace portolan::providers
