#pragma once

// Small things done to text: letters' case, blanks around it, lists. ASCII alone: a byte from 0x80 on is no
// letter, no digit and no blank, and comes out as it went in, whatever the locale. For UTF-8 see utf8.h. All
// functions are pure.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace portolan {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool IsLetterOrDigit(char c) { return IsLetter(c) || IsDigit(c); }
// What is printed and takes ink: `!` to `~`.
constexpr bool IsVisible(char c) { return c > 0x20 && c < 0x7f; }
constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }
// A blank or a line's end: the white space of JSON (RFC 8259 section 2).
constexpr bool IsSpace(char c) { return IsBlank(c) || c == '\r' || c == '\n'; }

// The value of a hexadecimal digit, in either case; -1 for anything else.
constexpr int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr char LowerCase(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
std::string LowerCase(std::string_view text);

// Comparisons without regard to the case of `text`. The other side is in lower case already: it is a word
// that the program knows.
constexpr bool EqualsIgnoreCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (LowerCase(text[i]) != lower[i]) return false;
  }
  return true;
}
constexpr bool StartsWithIgnoreCase(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() && EqualsIgnoreCase(text.substr(0, lower.size()), lower);
}
constexpr bool EndsWithIgnoreCase(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() && EqualsIgnoreCase(text.substr(text.size() - lower.size()), lower);
}

// The text without the blanks, or the white space (IsSpace), around it.
constexpr std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}
constexpr std::string_view TrimSpace(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

// Takes the first item off a comma list and returns it without the white space around it; it may be empty.
// For `while (!list.empty())`, where no vector is wanted.
constexpr std::string_view TakeListItem(std::string_view* list) {
  const size_t comma = list->find(',');
  const std::string_view item = list->substr(0, comma);
  list->remove_prefix(comma == std::string_view::npos ? list->size() : comma + 1);
  return TrimSpace(item);
}
// The items of a comma list that are not empty. They point into `list`.
std::vector<std::string_view> SplitList(std::string_view list);

// Appends `text` with each `%41` as the byte that it means (RFC 3986 section 2.1). False, with *out of no
// use, on a `%` without two hexadecimal digits behind it. What comes out may be any bytes.
[[nodiscard]] bool AppendPercentDecoded(std::string_view text, std::string* out);

}  // namespace portolan
