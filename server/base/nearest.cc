#include "server/base/nearest.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "server/base/text.h"

namespace portolan {
namespace {

constexpr size_t kLongest = 64;

// Levenshtein's distance.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string_view Nearest(std::string_view typed, std::span<const std::string_view> words) {
  typed = typed.substr(0, kLongest);
  std::string_view nearest;
  size_t least = SIZE_MAX;
  for (const std::string_view word : words) {
    const size_t distance = Distance(typed, word);
    if (distance >= least) continue;
    least = distance;
    nearest = word;
  }
  return nearest;
}

std::string_view NearWord(std::string_view typed, std::span<const std::string_view> words) {
  constexpr size_t kLeastBeginning = 3;
  const std::string lower = LowerCase(typed.substr(0, kLongest));
  if (words.empty() || lower.empty()) return {};
  const std::string_view nearest = Nearest(lower, words);
  const size_t longer = std::max(lower.size(), nearest.size());
  if (Distance(lower, nearest) * 3 <= longer) return nearest;
  for (const std::string_view word : words) {
    const size_t shorter = std::min(word.size(), lower.size());
    if (shorter >= kLeastBeginning && word.substr(0, shorter) == lower.substr(0, shorter)) return word;
  }
  return {};
}

}  // namespace portolan
