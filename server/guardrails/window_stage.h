#pragma once

// A part of a Window: checks that see the same text. Internal to it.

#include <cstddef>
#include <string_view>
#include <vector>

#include "server/guardrails/check.h"
#include "server/guardrails/traced_text.h"

namespace portolan::guardrails {

// Any number of checks that forbid, and then at most one that changes, going through a text that is still
// coming. The caller has the text, gives always the same, and changes nothing in it but to append. Not
// thread-safe.
class WindowStage {
 public:
  struct Look {
    const Check* check;
    size_t index;  // of the check, among all
    size_t hold;   // no more characters
    Cursor cursor = {};
    std::vector<Match> matches = {};  // what Find() has found last
  };

  // Whether it takes no further check.
  bool full() const { return !looks_.empty() && looks_.back().check->change != nullptr; }
  // A check that needs no more than so many characters to be held. REQUIRES: !full(), and it can find.
  void Add(const Check* check, size_t index, size_t hold);

  // Looks for what begins where enough is known of the text to decide about it; `is_end`: all of it is known.
  void Find(const TracedText& text, bool is_end);
  const std::vector<Look>& looks() const { return looks_; }

  // Looks for what is there of matches already, but was not decided about, as they may still grow.
  std::vector<Match> FindAhead(const TracedText& text, const Look& look) const;

  // Passes on what Find() has decided about, as the check that changes makes it.
  void Pass(const TracedText& text, TracedText* out);
  // Forgets what is decided.
  void Forget(TracedText* text);
  // What came before this place of the original is decided.
  size_t Decided(const TracedText& text) const { return text.OriginOf(decided_); }

 private:
  // Where the first match may begin that what follows still decides about; `known`: the text's whole
  // characters.
  size_t OpenFrom(std::string_view known) const;

  std::vector<Look> looks_;
  // Offsets in the text.
  size_t decided_ = 0;  // before this everything that begins has been found
  size_t passed_ = 0;  // so much has been passed on: what is decided, and the end of a match that began there
};

}  // namespace portolan::guardrails
