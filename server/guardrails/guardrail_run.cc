#include "server/guardrails/guardrail_run.h"

#include <algorithm>
#include <utility>

#include "server/guardrails/check_makers.h"

namespace portolan::guardrails {
namespace {

// With so many questions, or so many bytes told, no other check is asked at the same time.
constexpr size_t kMaxAtOnce = 32;
constexpr size_t kMaxToldAtOnce = 16u << 20;

}  // namespace

std::vector<Question> GuardrailRun::Go() {
  while (next_ < guardrail_.checks.size()) {
    const Check& check = guardrail_.checks[next_];
    if (check.network == nullptr) {
      Add(RunCheck(check, *scene_.facts, scene_.view));
      continue;
    }
    Begin();
    if (!questions_.empty()) break;
    Take({});
  }
  return std::exchange(questions_, {});
}

// Asks the next check, and those behind it that ask the network too.
void GuardrailRun::Begin() {
  const auto asks = [](const Check& check) { return check.network != nullptr; };
  const auto first = guardrail_.checks.begin() + static_cast<ptrdiff_t>(next_);
  const bool alone = guardrail_.sequential || one_by_one_ || fresher_.has_value();
  const auto last = alone ? first + 1 : std::find_if_not(first, guardrail_.checks.end(), asks);
  UpdateSubject(std::any_of(first, last, [](const Check& check) { return check.network->tells_bodies; }));
  size_t told = 0;
  for (auto check = first; check != last && questions_.size() < kMaxAtOnce && told < kMaxToldAtOnce;
       ++check) {
    const size_t before = questions_.size();
    Ask(static_cast<size_t>(check - guardrail_.checks.begin()));
    for (size_t i = before; i < questions_.size(); ++i) told += questions_[i].body.size();
  }
}

void GuardrailRun::UpdateSubject(bool with_bodies) {
  Subject& subject = *scene_.subject;
  Said& said = subject.is_answer ? subject.response : subject.request;
  subject.demanded = scene_.view->WhatIsDemandedOf();
  said.text = subject.demanded.empty() ? std::string() : subject.demanded.front().text;
  said.json = with_bodies && scene_.body != nullptr ? scene_.body->Json() : std::string();
}

void GuardrailRun::Ask(size_t index) {
  const Check& check = guardrail_.checks[index];
  Asking asking{index, std::nullopt};
  Asked asked = check.network->ask(*scene_.subject);
  asking.begin = asking.end = questions_.size();
  if (auto* const finding = std::get_if<Finding>(&asked)) {
    asking.found = std::move(*finding);
    asking_.push_back(std::move(asking));
    return;
  }
  for (Question& question : std::get<std::vector<Question>>(asked)) {
    // Guardrails of the operator's have names.
    question.is_untrusted |= guardrail_.name.empty();
    if (fresher_) question.max_age = *fresher_;
    (check.network->is_beside ? asking.posts : questions_).push_back(std::move(question));
  }
  if (!asking.posts.empty()) asking.found = Told(true, "it is posted beside the call");
  asking.end = questions_.size();
  asking_.push_back(std::move(asking));
}

void GuardrailRun::Take(std::span<const Reply> replies) {
  std::vector<Asking> asking = std::exchange(asking_, {});
  for (Asking& one : asking) {
    if (!Settle(one, replies.subspan(one.begin, one.end - one.begin))) break;
  }
}

bool GuardrailRun::Settle(Asking& asking, std::span<const Reply> replies) {
  const Check& check = guardrail_.checks[asking.check];
  Judgement judgement;
  if (asking.found) {
    judgement.finding = *std::move(asking.found);
  } else {
    judgement = check.network->judge(*scene_.subject, replies);
  }
  const bool was_fresh = std::exchange(fresher_, std::nullopt).has_value();
  if (judgement.fresher && !was_fresh) {
    fresher_ = judgement.fresher;
    return false;
  }
  CheckResult result{check.id, std::move(judgement.finding), false, false};
  result.is_beside = !asking.posts.empty();
  for (Question& post : asking.posts) posts_.push_back({check.id, check.network, std::move(post)});
  if (judgement.replacement && check.may_replace && !guardrail_.async) {
    result.transformed = Replace(*judgement.replacement, &result);
  }
  result.passes = Passes(check, result.finding);
  const bool changed = result.transformed;
  one_by_one_ |= changed;
  Add(std::move(result));
  return !changed;
}

bool GuardrailRun::Replace(std::string_view json, CheckResult* result) {
  if (scene_.body != nullptr && scene_.body->Replace(json, scene_.view)) return true;
  result->finding = {Verdict::kError,
                     {{"explanation", "what it wants in place of this is none of its kind"}}};
  return false;
}

void GuardrailRun::Add(CheckResult result) {
  ++next_;
  result_.passes &= result.passes;
  result_.transformed |= result.transformed;
  if (result.transformed) {
    Subject& subject = *scene_.subject;
    (subject.is_answer ? subject.response : subject.request).is_transformed = true;
  }
  result_.checks.push_back(std::move(result));
}

std::vector<BesidePost> GuardrailRun::TakePosts() { return std::exchange(posts_, {}); }

}  // namespace portolan::guardrails
