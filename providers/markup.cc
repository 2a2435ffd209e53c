#include "providers/markup.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "server/base/text.h"
#include "server/base/utf8.h"

namespace portolan::providers {
namespace {

constexpr size_t kMaxMarkup = 64 << 10;
// Of one name, looked at for text: hostile pages nest without end.
constexpr int kMaxElements = 8;

bool HasAt(std::string_view text, size_t at, std::string_view lower) {
  return StartsWithIgnoreCase(text.substr(at), lower);
}

size_t FindNoCase(std::string_view text, std::string_view lower, size_t from) {
  for (size_t at = text.find(lower.front(), from); at != std::string_view::npos;
       at = text.find(lower.front(), at + 1)) {
    if (HasAt(text, at, lower)) return at;
  }
  return std::string_view::npos;
}

// The character that `#39` or `#x27` stands for; nullopt for anything else.
std::optional<char32_t> NumberedCharacter(std::string_view name) {
  name.remove_prefix(1);
  int base = 10;
  if (!name.empty() && LowerCase(name.front()) == 'x') {
    base = 16;
    name.remove_prefix(1);
  }
  uint32_t code = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), code, base);
  const bool good = !name.empty() && error == std::errc() && end == name.data() + name.size();
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  if (!good || code < 0x20 || surrogate || code > 0x10ffff) return std::nullopt;
  return code;
}

// Resolves the character reference at the start of `text`. Returns how many bytes it takes; 0 if there is
// none.
size_t TakeReference(std::string_view text, std::string* out) {
  struct Named {
    std::string_view name;
    std::string_view text;
  };
  constexpr Named kNamed[] = {{"amp", "&"},        {"lt", "<"},         {"gt", ">"},
                              {"quot", "\""},      {"apos", "'"},       {"nbsp", " "},
                              {"ndash", "\u2013"}, {"mdash", "\u2014"}, {"middot", "\u00b7"},
                              {"rsquo", "\u2019"}, {"lsquo", "\u2018"}, {"hellip", "\u2026"}};
  constexpr size_t kLongest = 12;
  const size_t end = text.substr(0, kLongest).find(';');
  if (end == std::string_view::npos || end < 2) return 0;
  const std::string_view name = text.substr(1, end - 1);
  if (name.front() == '#') {
    const auto code = NumberedCharacter(name);
    if (code) AppendUtf8(*code, out);
    return code ? end + 1 : 0;
  }
  for (const Named& one : kNamed) {
    if (one.name != name) continue;
    *out += one.text;
    return end + 1;
  }
  return 0;
}

// The text between tags in one line: blanks of all kinds are one blank.
std::string PlainText(std::string_view markup) {
  constexpr std::string_view kCdata = "<![cdata[";
  std::string text;
  const auto separate = [&] {
    if (!text.empty() && text.back() != ' ') text += ' ';
  };
  for (size_t i = 0; i < markup.size();) {
    if (HasAt(markup, i, kCdata)) {
      const size_t end = std::min(markup.find("]]>", i), markup.size());
      text += markup.substr(i + kCdata.size(), end - std::min(end, i + kCdata.size()));
      i = std::min(end + 3, markup.size());
    } else if (markup[i] == '<') {
      const bool comment = markup.substr(i).starts_with("<!--");
      const size_t end = comment ? markup.find("-->", i) : markup.find('>', i);
      if (end == std::string_view::npos) break;
      i = end + (comment ? 3 : 1);
      separate();
    } else if (IsSpace(markup[i])) {
      separate();
      ++i;
    } else {
      const size_t reference = markup[i] == '&' ? TakeReference(markup.substr(i), &text) : 0;
      if (reference == 0) text += markup[i];
      i += std::max<size_t>(reference, 1);
    }
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

// The text of the first element of this name (lower case) that has any.
std::string ElementText(std::string_view markup, std::string_view name) {
  const std::string open = "<" + std::string(name);
  const std::string close = "</" + std::string(name);
  int elements = 0;
  for (size_t at = FindNoCase(markup, open, 0); at != std::string_view::npos && elements < kMaxElements;
       at = FindNoCase(markup, open, at + 1)) {
    const size_t after = at + open.size();
    if (after >= markup.size()) return {};
    if (markup[after] != '>' && !IsSpace(markup[after])) continue;  // `<pretty>` is no `<pre>`
    ++elements;
    const size_t begin = markup.find('>', after);
    if (begin == std::string_view::npos) return {};
    const size_t end = std::min(FindNoCase(markup, close, begin), markup.size());
    std::string text = PlainText(markup.substr(begin + 1, end - begin - 1));
    if (!text.empty()) return text;
  }
  return {};
}

// Scripts and styles are not text to read.
std::string WithoutElement(std::string_view markup, std::string_view name) {
  const std::string open = "<" + std::string(name);
  const std::string close = "</" + std::string(name);
  std::string out;
  size_t from = 0;
  for (size_t at = FindNoCase(markup, open, 0); at != std::string_view::npos;
       at = FindNoCase(markup, open, from)) {
    out += markup.substr(from, at - from);
    from = std::min(FindNoCase(markup, close, at), markup.size());
    if (from == markup.size()) return out;
    from += close.size();
    out += "</x";  // the rest of the end tag follows
  }
  return out.append(markup.substr(from));
}

}  // namespace

std::string MarkupText(std::string_view markup) {
  markup = markup.substr(0, kMaxMarkup);
  for (const char* name : {"message", "faultstring"}) {
    if (std::string text = ElementText(markup, name); !text.empty()) return text;
  }
  std::string text = ElementText(markup, "title");
  // `Error` alone says nothing.
  if (text.find(' ') != std::string::npos) return text;
  for (const char* name : {"h1", "pre", "p"}) {
    const std::string more = ElementText(markup, name);
    if (more.empty() || more == text) continue;
    text += text.empty() ? "" : ": ";
    text += more;
    if (more.find(' ') != std::string::npos) return text;
  }
  if (!text.empty()) return text;
  return PlainText(WithoutElement(WithoutElement(markup, "script"), "style"));
}

}  // namespace portolan::providers
