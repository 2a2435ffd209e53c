#include "server/guardrails/window.h"

#include <algorithm>
#include <utility>

namespace portolan::guardrails {
namespace {

bool LooksAtTexts(const Check& check) { return check.looks != Looks::kAtTheCall; }

}  // namespace

std::optional<size_t> HoldOf(const Guardrail& guardrail) {
  if (guardrail.stream == StreamMode::kWhole || guardrail.stream == StreamMode::kAfter) return std::nullopt;
  // Who is asked is asked once, of all that is said.
  if (AsksNetwork(guardrail)) return std::nullopt;
  const auto window = static_cast<size_t>(guardrail.window);
  size_t hold = 0;
  for (const Check& check : guardrail.checks) {
    if (!LooksAtTexts(check)) continue;
    if (check.find == nullptr) return std::nullopt;
    const size_t own = check.longest_match().value_or(window);
    const bool fits = check.longest_match() && own <= window;
    if (!fits && guardrail.stream != StreamMode::kWindow) return std::nullopt;
    hold = std::max(hold, own);
  }
  return hold;
}

Window::Window(std::span<const Check* const> checks, size_t hold, WindowOptions options)
    : denies_(std::move(options.denies)), is_json_(options.is_json), stages_(1) {
  bool needs_whole = false;
  for (const Check* check : checks) {
    states_.push_back({check, std::vector<size_t>(check->labels), std::vector<size_t>(check->labels)});
    if (!LooksAtTexts(*check)) continue;
    needs_whole |= check->find == nullptr || (is_json_ && check->change != nullptr);
  }
  if (needs_whole) {
    whole_.emplace();
  } else {
    if (is_json_) meaning_stage_.emplace();
    for (size_t i = 0; i < states_.size(); ++i) {
      if (LooksAtTexts(*states_[i].check)) AddToStages(i, hold);
    }
  }
  texts_.resize(stages_.size() + 1);
}

void Window::AddToStages(size_t check, size_t hold) {
  const Check* const added = states_[check].check;
  const size_t own = std::min(added->longest_match().value_or(hold), hold);
  if (stages_.back().full()) stages_.emplace_back();
  stages_.back().Add(added, check, own);
  if (meaning_stage_) meaning_stage_->Add(added, check, own);
}

void Window::Append(std::string_view text) {
  if (denied_ || finished_) return;
  received_ += text.size();
  if (whole_) {
    whole_->append(text);
    return;
  }
  texts_.front().Append(text);
  if (meaning_stage_) meaning_.Append(text);
  Run(/*is_end=*/false);
}

void Window::Finish() {
  if (denied_ || finished_) return;
  finished_ = true;
  if (whole_) {
    RunWhole();
    return;
  }
  if (meaning_stage_) meaning_.Finish();
  Run(/*is_end=*/true);
}

void Window::Run(bool is_end) {
  size_t safe = received_;
  for (size_t i = 0; i < stages_.size(); ++i) {
    WindowStage& stage = stages_[i];
    if (!Find(&stage, texts_[i], is_end, &State::counts)) return;
    stage.Pass(texts_[i], &texts_[i + 1]);
    safe = std::min(safe, stage.Decided(texts_[i]));
    stage.Forget(&texts_[i]);
  }
  if (meaning_stage_) {
    if (!Find(&*meaning_stage_, meaning_.text(), is_end, &State::meant)) return;
    safe = std::min(safe, meaning_stage_->Decided(meaning_.text()));
    meaning_stage_->Forget(&meaning_.text());
  }
  safe_ = safe;
}

bool Window::Find(WindowStage* stage, const TracedText& text, bool is_end,
                  std::vector<size_t> State::* counts) {
  stage->Find(text, is_end);
  for (const WindowStage::Look& look : stage->looks()) {
    if (IsDenied(look, look.matches, counts)) return false;
  }
  // What is there already is not waited for.
  for (const WindowStage::Look& look : stage->looks()) {
    if (is_end || !look.check->finds_for_good || !Denies(look.index)) continue;
    if (IsDenied(look, stage->FindAhead(text, look), counts)) return false;
  }
  return true;
}

bool Window::IsDenied(const WindowStage::Look& look, const std::vector<Match>& matches,
                      std::vector<size_t> State::* counts) {
  if (matches.empty()) return false;
  State& state = states_[look.index];
  for (const Match& match : matches) {
    if (match.label != Match::kMore) ++(state.*counts)[match.label];
  }
  state.transformed |= state.check->change != nullptr;
  if (!Denies(look.index) || state.check->tell(state.*counts).verdict != Verdict::kFail) return false;
  denied_ = look.index;
  return true;
}

void Window::RunWhole() {
  std::string text = *whole_;
  bool changed = false;
  for (size_t i = 0; i < states_.size(); ++i) {
    State& state = states_[i];
    const Check& check = *state.check;
    if (!LooksAtTexts(check)) continue;
    const Piece piece{&text, {}, is_json_, true};
    state.finding = LookAtPiece(check, piece);
    if (!Passes(check, state.finding) && !denied_ && Denies(i)) denied_ = i;
    if (check.change != nullptr) changed |= state.transformed = ChangePiece(piece, check.change);
  }
  if (denied_) return;
  if (changed) {
    texts_.back().AppendInstead(text, 0, received_);
  } else {
    texts_.back().Append(text);
  }
  safe_ = received_;
}

CheckResult Window::Result(size_t index) const {
  const State& state = states_[index];
  const Check& check = *state.check;
  CheckResult result{check.id, {}, state.transformed, false};
  if (whole_) {
    result.finding = state.finding;
  } else if (LooksAtTexts(check)) {
    result.finding = check.tell(state.counts);
    if (is_json_) KeepWorst(check.tell(state.meant), &result.finding);
  }
  result.passes = Passes(check, result.finding);
  return result;
}

std::string Window::Take(size_t end) {
  TracedText& out = texts_.back();
  const size_t bytes = finished_ && end == received_ ? out.size() : out.FirstFrom(end);
  std::string taken(out.text().substr(0, bytes));
  out.Forget(bytes);
  return taken;
}

}  // namespace portolan::guardrails
