#include "server/transcode/percent.h"

#include <cstddef>

#include "server/base/utf8.h"

namespace portolan::transcode {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool PercentDecode(std::string_view text, Plus plus, std::string* out) {
  size_t begin = out->size();
  out->reserve(begin + text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus == Plus::kSpace) {
      c = ' ';
    } else if (c == '%') {
      if (text.size() - i < 3) return false;
      int high = HexValue(text[i + 1]);
      int low = HexValue(text[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    *out += c;
  }
  return IsUtf8(std::string_view(*out).substr(begin));
}

}  // namespace portolan::transcode
