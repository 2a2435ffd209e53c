#include "server/guardrails/match_shape.h"

#include <algorithm>
#include <utility>

#include "server/base/utf8.h"

namespace portolan::guardrails {
namespace {

bool Has(const ByteSet& set, char c) { return set[static_cast<unsigned char>(c)]; }

// Where so many characters before the end begin, or the text.
size_t StepBack(std::string_view text, size_t characters) {
  size_t at = text.size();
  for (; characters > 0 && at > 0; --characters) {
    const size_t most = at > kMaxUtf8Bytes ? at - kMaxUtf8Bytes : 0;
    do {
      --at;
    } while (at > most && IsUtf8Tail(text[at]));
  }
  return at;
}

// The longest end of the text that the word begins with.
size_t LongestEnd(const MatchShape& shape, std::string_view text) {
  const std::string& word = shape.word;
  size_t matched = 0;
  for (const char c : text) {
    while (matched > 0 && (matched == word.size() || word[matched] != c))
      matched = shape.borders[matched - 1];
    if (word[matched] == c) ++matched;
  }
  return matched;
}

}  // namespace

ByteSet BytesOf(char32_t low, char32_t high) {
  constexpr char32_t kAscii = 0x80;
  ByteSet set;
  for (char32_t c = low; c <= high && c < kAscii; ++c) set.set(c);
  for (size_t byte = kAscii; high >= kAscii && byte < set.size(); ++byte) set.set(byte);
  return set;
}

MatchShape MatchShape::OfWord(std::string word) {
  MatchShape shape{static_cast<size_t>(CountUtf8(word)), {}, {}};
  for (const char c : word) shape.bytes.set(static_cast<unsigned char>(c));
  if (!word.empty()) shape.first.set(static_cast<unsigned char>(word[0]));
  shape.borders.resize(word.size());
  for (size_t i = 1, border = 0; i < word.size(); ++i) {
    while (border > 0 && word[border] != word[i]) border = shape.borders[border - 1];
    if (word[border] == word[i]) ++border;
    shape.borders[i] = border;
  }
  shape.word = std::move(word);
  return shape;
}

size_t MatchShape::OpenFrom(std::string_view text, size_t hold) const {
  // A byte that stands in no match ends all that begin before it, and is known itself.
  const size_t most = std::min({longest.value_or(hold), hold, text.size()});
  const size_t lowest = text.size() - std::min(text.size(), kMaxUtf8Bytes * most);
  size_t open = text.size();
  while (open > lowest && Has(bytes, text[open - 1])) --open;
  open += StepBack(text.substr(open), most);
  while (open < text.size() && !Has(first, text[open])) ++open;
  return word.empty() ? open : text.size() - LongestEnd(*this, text.substr(open));
}

std::optional<size_t> LongestOf(const std::vector<MatchShape>& shapes) {
  size_t longest = 0;
  for (const MatchShape& shape : shapes) {
    if (!shape.longest) return std::nullopt;
    longest = std::max(longest, *shape.longest);
  }
  return longest;
}

}  // namespace portolan::guardrails
