#include "server/base/utf8.h"

namespace portolan {

size_t Utf8Length(std::string_view text) {
  const auto at = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto tail = [&](size_t i) { return (at(i) & 0xc0u) == 0x80u; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (!tail(1) || !tail(2)) return 0;
    if (first == 0xe0 && at(1) < 0xa0) return 0;
    if (first == 0xed && at(1) > 0x9f) return 0;
    return 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (first == 0xf0 && at(1) < 0x90) return 0;
    if (first == 0xf4 && at(1) > 0x8f) return 0;
    return 4;
  }
  return 0;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

int64_t CountUtf8(std::string_view text) {
  int64_t count = 0;
  for (const char c : text) count += !IsUtf8Tail(c);
  return count;
}

std::string_view CutUtf8(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  size_t end = limit;
  // A character has at most three bytes behind its first.
  for (int i = 0; i < 3 && end > 0 && IsUtf8Tail(text[end]); ++i) --end;
  return text.substr(0, end);
}

std::string_view WholeUtf8(std::string_view text) {
  for (size_t back = 1; back < kMaxUtf8Bytes && back <= text.size(); ++back) {
    const char c = text[text.size() - back];
    if (IsUtf8Tail(c)) continue;
    const auto lead = static_cast<unsigned char>(c);
    const size_t bytes = lead < 0xc2 || lead > 0xf4 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    return text.substr(0, bytes > back ? text.size() - back : text.size());
  }
  return text;
}

void AppendUtf8(char32_t code, std::string* out) {
  const auto trail = [code](int shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out->push_back(static_cast<char>(0xC0 | (code >> 6)));
    out->push_back(trail(0));
  } else if (code < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | (code >> 12)));
    out->push_back(trail(6));
    out->push_back(trail(0));
  } else {
    out->push_back(static_cast<char>(0xF0 | (code >> 18)));
    out->push_back(trail(12));
    out->push_back(trail(6));
    out->push_back(trail(0));
  }
}

}  // namespace portolan
