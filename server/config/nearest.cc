#include "server/config/nearest.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace portolan::config {
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

}  // namespace portolan::config
