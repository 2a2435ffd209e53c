#include "server/guardrails/window_stage.h"

#include <algorithm>
#include <string_view>

#include "server/base/utf8.h"

namespace portolan::guardrails {

void WindowStage::Add(const Check* check, size_t index, size_t hold) {
  looks_.push_back({check, index, hold});
}

size_t WindowStage::OpenFrom(std::string_view known) const {
  const std::string_view undecided = known.substr(decided_);
  size_t open = undecided.size();
  for (const Look& look : looks_) {
    for (const MatchShape& shape : look.check->shapes) {
      open = std::min(open, shape.OpenFrom(undecided, look.hold));
    }
  }
  return decided_ + open;
}

void WindowStage::Find(const TracedText& traced, bool is_end) {
  const std::string_view text = traced.text();
  Stretch stretch = Stretch::Whole(text);
  if (!is_end) {
    // A match that begins before `until` ends before the last byte, which only tells the end of words.
    const size_t known = WholeUtf8(text).size();
    stretch.until = OpenFrom(text.substr(0, known));
    stretch.end = known > 0 ? known - 1 : 0;
  }
  for (Look& look : looks_) {
    look.matches.clear();
    if (is_end || stretch.until > decided_) look.check->find(stretch, &look.cursor, &look.matches);
  }
  decided_ = std::max(decided_, std::min(stretch.until, text.size()));
}

std::vector<Match> WindowStage::FindAhead(const TracedText& traced, const Look& look) const {
  const size_t known = WholeUtf8(traced.text()).size();
  const Stretch stretch{traced.text(), known, known};
  Cursor cursor = look.cursor;
  std::vector<Match> matches;
  look.check->find(stretch, &cursor, &matches);
  return matches;
}

void WindowStage::Pass(const TracedText& text, TracedText* out) {
  if (full()) {
    for (const Match& match : looks_.back().matches) {
      out->AppendPart(text, passed_, match.begin);
      out->AppendInstead(match.replacement, text.OriginOf(match.begin), text.OriginOf(match.end));
      passed_ = match.end;
    }
  }
  const size_t end = std::max(passed_, decided_);
  out->AppendPart(text, passed_, end);
  passed_ = end;
}

void WindowStage::Forget(TracedText* text) {
  // One byte stays, to tell whether a word begins behind it.
  if (decided_ < 2) return;
  const size_t bytes = decided_ - 1;
  text->Forget(bytes);
  decided_ -= bytes;
  passed_ -= std::min(passed_, bytes);
  for (Look& look : looks_) look.cursor.Forget(bytes);
}

}  // namespace portolan::guardrails
