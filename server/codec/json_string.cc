#include "server/codec/json_string.h"

#include <array>

#include "server/base/text.h"

namespace portolan::codec {
namespace {

constexpr std::string_view kReplacement = "\\ufffd";

// The four hexadecimal digits at `p`; -1 if they are not.
int32_t ReadHex4(const char* p, const char* end) {
  if (end - p < 4) return -1;
  int32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = HexValue(p[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

const char* ReadUnicodeEscape(const char* digits, const char* end, char32_t* value) {
  const int32_t first = ReadHex4(digits, end);
  if (first < 0) return nullptr;
  *value = static_cast<char32_t>(first);
  const char* p = digits + 4;
  if (first < 0xD800 || first > 0xDBFF || end - p < 6 || p[0] != '\\' || p[1] != 'u') return p;
  const int32_t second = ReadHex4(p + 2, end);
  if (second < 0xDC00 || second > 0xDFFF) return p;
  *value = static_cast<char32_t>(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
  return p + 6;
}

}  // namespace

const char* ReadEscape(const char* p, const char* end, char32_t* value) {
  if (end - p < 2) return nullptr;
  switch (p[1]) {
    case '"':
    case '\\':
    case '/':
      *value = static_cast<char32_t>(p[1]);
      return p + 2;
    case 'b':
      *value = '\b';
      return p + 2;
    case 'f':
      *value = '\f';
      return p + 2;
    case 'n':
      *value = '\n';
      return p + 2;
    case 'r':
      *value = '\r';
      return p + 2;
    case 't':
      *value = '\t';
      return p + 2;
    case 'u':
      return ReadUnicodeEscape(p + 2, end, value);
    default:
      return nullptr;
  }
}

void ReplaceLoneSurrogates(std::string* json) {
  // Backslashes stand in strings only, and each begins an escape.
  for (size_t at = json->find('\\'); at != std::string::npos; at = json->find('\\', at)) {
    const char* const begin = json->data() + at;
    char32_t c = 0;
    const char* const next = ReadEscape(begin, json->data() + json->size(), &c);
    if (next == nullptr) return;  // no JSON
    if (IsSurrogate(c)) json->replace(at, kReplacement.size(), kReplacement);
    at += static_cast<size_t>(next - begin);
  }
}

std::string_view EscapeOf(char c) {
  static constexpr std::array<std::string_view, 32> kControls = {
      "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007",
      "\\b",     "\\t",     "\\n",     "\\u000b", "\\f",     "\\r",     "\\u000e", "\\u000f",
      "\\u0010", "\\u0011", "\\u0012", "\\u0013", "\\u0014", "\\u0015", "\\u0016", "\\u0017",
      "\\u0018", "\\u0019", "\\u001a", "\\u001b", "\\u001c", "\\u001d", "\\u001e", "\\u001f"};
  if (c == '"') return "\\\"";
  if (c == '\\') return "\\\\";
  return kControls[static_cast<unsigned char>(c) & 0x1F];
}

void AppendQuoted(std::string_view text, std::string* out) {
  out->push_back('"');
  const char* p = text.data();
  const char* const end = p + text.size();
  for (;;) {
    const char* stop = FindStringStop(p, end);
    out->append(p, stop);
    if (stop == end) break;
    out->append(EscapeOf(*stop));
    p = stop + 1;
  }
  out->push_back('"');
}

}  // namespace portolan::codec
