#pragma once

// What is known beforehand of the matches of a search, so that of a text that is still coming no more is held
// than what may still become one.

#include <bitset>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::guardrails {

// Sets of bytes. Of characters beyond ASCII they have all bytes or none.
using ByteSet = std::bitset<256>;

// The characters from `low` to `high`, code points.
ByteSet BytesOf(char32_t low, char32_t high);

// What is known of the matches of something. The default says nothing: any text may match.
struct MatchShape {
  // The most characters (code points) that a match may have; nullopt: there is no bound.
  std::optional<size_t> longest = std::nullopt;
  ByteSet bytes = ByteSet().set();  // that may stand in a match
  ByteSet first = ByteSet().set();  // that a match may begin with, if it is not empty
  // All matches are this word; empty: they are not.
  std::string word = {};
  // Of each beginning of the word, the length of the longest one that it ends in, other than itself (the
  // failure function of Knuth, Morris and Pratt).
  std::vector<size_t> borders = {};

  static MatchShape OfWord(std::string word);

  // The first place from which a match could still depend on what follows the text, where one character
  // behind a match counts as a part of it; the text's size if there is none. `hold`: a match has no more
  // characters than this. Takes time linear in what is between there and the end, or in `hold`.
  size_t OpenFrom(std::string_view text, size_t hold) const;
};

// The most characters that a match of any of the shapes may have; nullopt if there is no bound.
std::optional<size_t> LongestOf(const std::vector<MatchShape>& shapes);

}  // namespace portolan::guardrails
