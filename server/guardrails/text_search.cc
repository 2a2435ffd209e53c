#include "server/guardrails/text_search.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "server/base/text.h"
#include "server/guardrails/pattern_shape.h"

namespace portolan::guardrails {

int RarityOf(char c) {
  constexpr std::string_view kOften = " etaoinshrdlu";
  constexpr std::string_view kSometimes = ".,\"'\n_";
  if (kOften.find(c) != std::string_view::npos) return 0;
  if (c >= 'a' && c <= 'z') return 1;
  return IsLetterOrDigit(c) || kSometimes.find(c) != std::string_view::npos ? 2 : 3;
}

size_t RarestIn(std::string_view text) {
  const auto rarest = std::ranges::max_element(text, {}, RarityOf);
  return static_cast<size_t>(rarest - text.begin());
}

TextSearch::TextSearch(Pattern pattern) : pattern_(std::move(pattern)), needed_(NeededBy(pattern_)) {
  if (!needed_.empty()) rarest_ = RarestIn(needed_);
}

bool TextSearch::MayBeIn(std::string_view text) const {
  if (needed_.empty()) return true;
  if (text.size() < needed_.size()) return false;
  const size_t end = text.size() - needed_.size() + rarest_ + 1;
  for (size_t at = rarest_;; ++at) {
    const void* const found = std::memchr(text.data() + at, needed_[rarest_], end - at);
    if (found == nullptr) return false;
    at = static_cast<size_t>(static_cast<const char*>(found) - text.data());
    if (text.substr(at - rarest_, needed_.size()) == needed_) return true;
  }
}

bool TextSearch::IsIn(std::string_view text) const {
  return MayBeIn(text) && RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern_);
}

}  // namespace portolan::guardrails
