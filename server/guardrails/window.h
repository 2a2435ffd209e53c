#pragma once

// Guardrails on a text that is still coming: what may leave already, and what has become of it.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/guardrails/check.h"
#include "server/guardrails/guardrail.h"
#include "server/guardrails/json_meaning.h"
#include "server/guardrails/traced_text.h"
#include "server/guardrails/window_stage.h"

namespace portolan::guardrails {

// How many characters (code points) may have to be held back of a stream so that the guardrail's checks can
// judge it as it comes; nullopt if they need the whole text, or if the guardrail says so. That is as many as
// the longest match may have; how many are held depends on the text. A guardrail that asks for a window gets
// that one where matches have no such bound: of a match that is longer, a part may leave. Checks of the call,
// which look at no text, hold nothing.
std::optional<size_t> HoldOf(const Guardrail& guardrail);

struct WindowOptions {
  // Arguments of a call. They are looked at as they are written and as they are meant. A check that changes
  // holds them until they end, and has their values changed one by one.
  bool is_json = false;
  // Of each check, whether it ends the text when it fails. Of those that are not in the list: it does.
  std::vector<bool> denies = {};
};

// One text (the content, the reasoning or the arguments of one choice) on its way through checks. What one
// check has changed is what the next sees. Offsets count the bytes of the text as it came. What has left, in
// the end, is what the checks make of the whole text, and holds nothing that a check forbids before it
// changes. Each byte is looked at when it comes and as long as it is held. Not thread-safe.
class Window {
 public:
  // `hold`: what HoldOf() says of the guardrails, the largest of several; each check holds what may still
  // become one of its own matches, and no more than this. If a check needs the whole text, everything is held
  // until it ends. Checks of the call are passed over. The checks must outlive this.
  Window(std::span<const Check* const> checks, size_t hold, WindowOptions options = {});

  // More of the text, cut anywhere. After a denial nothing happens any more.
  void Append(std::string_view text);
  // Nothing follows. To be called once.
  void Finish();

  // The first check that has failed and ends the text. What is safe then stays so.
  std::optional<size_t> denied() const { return denied_; }
  // What a check says of the text: final behind Finish(), and else what it says of what has come so far. Of a
  // check of the call: nothing.
  CheckResult Result(size_t check) const;

  // Everything before this is decided and may leave.
  size_t safe() const { return safe_; }
  // What has become of what was not yet taken before `end`, which is then forgotten. What took the place of
  // something stands where that began. What an empty match puts at the very end comes when everything is
  // taken behind Finish(). REQUIRES: end <= safe().
  std::string Take(size_t end);
  // How much has come and may not leave yet.
  size_t held_bytes() const { return received_ - safe_; }

 private:
  // What is known of a check.
  struct State {
    const Check* check;
    // How often each thing was found, in the text and in what it means as JSON.
    std::vector<size_t> counts;
    std::vector<size_t> meant;
    Finding finding = {};  // of a whole text
    bool transformed = false;
  };

  void AddToStages(size_t check, size_t hold);
  void Run(bool is_end);
  // Notes what a check has found. True if that ends the text.
  bool IsDenied(const WindowStage::Look& look, const std::vector<Match>& matches,
                std::vector<size_t> State::* counts);
  // Looks, and notes what was found. False after a denial.
  bool Find(WindowStage* stage, const TracedText& text, bool is_end, std::vector<size_t> State::* counts);
  void RunWhole();
  bool Denies(size_t check) const { return check >= denies_.size() || denies_[check]; }

  std::vector<State> states_;
  std::vector<bool> denies_;
  bool is_json_ = false;
  bool finished_ = false;

  // The text goes from one stage to the next: texts_[i] into stages_[i], and the last comes out.
  std::vector<WindowStage> stages_;
  std::vector<TracedText> texts_;
  // What JSON means goes through a stage of its own, and nothing comes out.
  std::optional<WindowStage> meaning_stage_;
  JsonMeaning meaning_;
  // The text, if it is needed whole.
  std::optional<std::string> whole_;

  std::optional<size_t> denied_;
  size_t received_ = 0;
  size_t safe_ = 0;
};

}  // namespace portolan::guardrails
