#include "server/guardrails/traced_text.h"

#include <algorithm>

namespace portolan::guardrails {

void TracedText::Begin(size_t origin, bool moves) {
  // A run without bytes says nothing.
  if (runs_.back().at == text_.size()) runs_.pop_back();
  runs_.push_back({text_.size(), origin, moves});
}

void TracedText::Append(std::string_view text) { text_.append(text); }

void TracedText::AppendInstead(std::string_view text, size_t origin, size_t next) {
  if (!text.empty()) {
    Begin(origin, false);
    text_.append(text);
  }
  Begin(next, true);
}

void TracedText::GoOnAt(size_t next) {
  if (OriginOf(size()) != next) Begin(next, true);
}

void TracedText::AppendPart(const TracedText& from, size_t begin, size_t end) {
  auto run = from.RunOf(begin);
  for (size_t at = begin; at < end; ++run) {
    const bool is_last = run + 1 == from.runs_.end();
    const size_t stop = is_last ? end : std::min(end, (run + 1)->at);
    const std::string_view part = from.text().substr(at, stop - at);
    if (run->moves) {
      GoOnAt(run->origin + (at - run->at));
      text_.append(part);
    } else {
      AppendInstead(part, run->origin, from.OriginOf(stop));
    }
    at = stop;
  }
  GoOnAt(from.OriginOf(end));
}

std::vector<TracedText::Run>::const_iterator TracedText::RunOf(size_t at) const {
  // Almost always the only one.
  auto run = runs_.end() - 1;
  if (run->at <= at) return run;
  return std::upper_bound(runs_.begin(), runs_.end(), at,
                          [](size_t wanted, const Run& one) { return wanted < one.at; }) -
         1;
}

size_t TracedText::OriginOf(size_t at) const {
  const auto run = RunOf(at);
  return run->moves ? run->origin + (at - run->at) : run->origin;
}

size_t TracedText::FirstFrom(size_t origin) const {
  for (size_t i = 0; i < runs_.size(); ++i) {
    const Run& run = runs_[i];
    if (run.origin >= origin) return run.at;
    const size_t stop = i + 1 < runs_.size() ? runs_[i + 1].at : size();
    if (run.moves && origin - run.origin < stop - run.at) return run.at + (origin - run.origin);
  }
  return size();
}

void TracedText::Forget(size_t bytes) {
  const auto first = RunOf(bytes);
  if (first->moves) runs_[static_cast<size_t>(first - runs_.begin())].origin += bytes - first->at;
  runs_.erase(runs_.begin(), first);
  runs_.front().at = bytes;
  for (Run& run : runs_) run.at -= bytes;
  text_.erase(0, bytes);
}

}  // namespace portolan::guardrails
