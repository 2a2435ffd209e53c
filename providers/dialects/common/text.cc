#include "providers/dialects/common/text.h"

#include <algorithm>
#include <array>

namespace portolan::providers {
namespace {

bool IsAsciiSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1c' && c <= '\x1f'); }

// Unicode's other white space: next line, no-break space, ogham space, the spaces of U+2000 to U+200A, the
// line and the paragraph separator, narrow no-break space, mathematical space, ideographic space.
constexpr std::array<std::string_view, 19> kWideSpaces = {
    "\xC2\x85", "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
    "\u2007",   "\u2008", "\u2009", "\u200A", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"};

// How many bytes of white space `text` begins or ends with, one character's; 0: none.
template <typename Has>
size_t SpaceSize(char byte, Has has) {
  if (static_cast<unsigned char>(byte) < 0x80) return IsAsciiSpace(byte) ? 1 : 0;
  const auto space = std::find_if(kWideSpaces.begin(), kWideSpaces.end(), has);
  return space == kWideSpaces.end() ? 0 : space->size();
}

}  // namespace

bool IsBlank(std::string_view text) {
  while (!text.empty()) {
    const size_t space =
        SpaceSize(text.front(), [&](std::string_view wide) { return text.starts_with(wide); });
    if (space == 0) return false;
    text.remove_prefix(space);
  }
  return true;
}

std::string_view WithoutTrailingSpace(std::string_view text) {
  while (!text.empty()) {
    const size_t space = SpaceSize(text.back(), [&](std::string_view wide) { return text.ends_with(wide); });
    if (space == 0) break;
    text.remove_suffix(space);
  }
  return text;
}

}  // namespace portolan::providers
