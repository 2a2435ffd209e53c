#include "server/guardrails/find_matches.h"

#include <algorithm>
#include <utility>

#include "server/base/utf8.h"

namespace portolan::guardrails {

Stretch Stretch::Whole(std::string_view text) { return {text, text.size() + 1, text.size()}; }

size_t& Cursor::At(size_t search) {
  if (at.size() <= search) at.resize(search + 1);
  return at[search];
}

void Cursor::Forget(size_t bytes) {
  const auto forget = [bytes](size_t& place) { place = place > bytes ? place - bytes : 0; };
  for (size_t& place : at) forget(place);
  forget(covered);
}

void FindPattern(const RE2& pattern, size_t groups, const Stretch& stretch, Cursor* cursor,
                 const OnMatch& found) {
  const re2::StringPiece text(stretch.text.data(), stretch.text.size());
  std::vector<re2::StringPiece> pieces(groups);
  size_t& at = cursor->At(0);
  while (at < stretch.until && at <= stretch.end &&
         pattern.Match(text, at, stretch.end, RE2::UNANCHORED, pieces.data(), static_cast<int>(groups))) {
    const auto begin = static_cast<size_t>(pieces[0].data() - text.data());
    if (begin >= stretch.until) break;
    const size_t end = begin + pieces[0].size();
    found(pieces, begin, end);
    at = end;
    if (!pieces[0].empty()) continue;
    // At the very end there is no character to pass over.
    const std::string_view rest = stretch.text.substr(end);
    at = end + std::max<size_t>(1, rest.empty() ? 0 : Utf8Length(rest));
  }
  at = std::max(at, stretch.until);
}

void FindWord(std::string_view word, size_t label, size_t from, const Stretch& stretch,
              std::vector<Match>* found) {
  const std::string_view text = stretch.text.substr(0, stretch.end);
  for (size_t at = from; (at = text.find(word, at)) < stretch.until; ++at) {
    found->push_back({at, at + word.size(), label, {}});
  }
}

std::vector<Match> FindAll(const FindFunction& find, std::string_view text) {
  std::vector<Match> matches;
  Cursor cursor;
  find(Stretch::Whole(text), &cursor, &matches);
  return matches;
}

void CountByLabel(const std::vector<Match>& matches, std::vector<size_t>* counts) {
  for (const Match& match : matches) {
    if (match.label != Match::kMore) ++(*counts)[match.label];
  }
}

bool Replace(const std::vector<Match>& matches, std::string* text) {
  if (matches.empty()) return false;
  std::string out;
  size_t copied = 0;
  for (const Match& match : matches) {
    out.append(*text, copied, match.begin - copied).append(match.replacement);
    copied = match.end;
  }
  out.append(*text, copied);
  *text = std::move(out);
  return true;
}

}  // namespace portolan::guardrails
