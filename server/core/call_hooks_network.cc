// Guardrails of a call that ask the network, and those that run beside it.

#include <utility>

#include "server/core/beside_run.h"
#include "server/core/call_hooks.h"
#include "server/core/check_asker.h"
#include "server/core/upstream_error.h"

namespace portolan::core {
namespace {

using guardrails::Guardrail;
using guardrails::GuardrailList;
using guardrails::GuardrailResult;
using guardrails::View;

constexpr size_t kMaxLogged = 1024;

}  // namespace

// What those that ask are told of the attempt.
void CallHooks::BeginNetwork() {
  tells_request_ = false;
  subject_ = {};
  ended_.reset();
  bool any = false;
  for (const HookPhase phase : {HookPhase::kInput, HookPhase::kOutput}) {
    for (const auto& guardrail : Of(phase)) asks_[Index(phase)] |= BeginNetwork(phase, *guardrail);
    any |= asks_[Index(phase)];
    for (const auto& guardrail : Beside(phase)) any |= BeginNetwork(phase, *guardrail);
  }
  if (!any) return;
  subject_.is_stream = call_.facts.stream;
  if (call_.route.target.provider != nullptr) subject_.provider = call_.route.target.provider->name;
  subject_.request_type = facts_.request_type;
  subject_.metadata = facts_.metadata;
  subject_.unix_seconds = call_.facts.unix_seconds;
}

// Whether it asks.
bool CallHooks::BeginNetwork(HookPhase phase, const Guardrail& guardrail) {
  bool asks = false;
  for (const guardrails::Check& check : guardrail.checks) {
    if (check.network == nullptr) continue;
    asks = true;
    tells_request_ |= phase == HookPhase::kOutput && check.network->tells_bodies;
    const std::string& header = check.network->header;
    if (header.empty()) continue;
    if (const auto value = FindHeader(call_.in.headers, header)) {
      subject_.headers.push_back({header, std::string(*value)});
    }
  }
  return asks;
}

void CallHooks::KeepRequest(const guardrails::Body& body, const View& view) {
  subject_.request.json = body.Json();
  const std::vector<guardrails::Demanded> demanded = view.WhatIsDemandedOf();
  subject_.request.text = demanded.empty() ? std::string() : demanded.front().text;
}

net::Task<bool> CallHooks::Run(HookPhase phase, View* view, guardrails::Body* body) {
  if (!Asks(phase)) co_return RunNow(phase, view);
  bool changed = false;
  for (const auto& guardrail : Of(phase)) {
    const auto start = std::chrono::steady_clock::now();
    GuardrailResult result = co_await RunAsking(phase, *guardrail, view, body);
    if (ended_) break;
    Note(phase, *guardrail, result, std::chrono::steady_clock::now() - start);
    changed |= result.transformed;
  }
  co_return changed;
}

net::Task<GuardrailResult> CallHooks::RunAsking(HookPhase phase, const Guardrail& guardrail, View* view,
                                                guardrails::Body* body) {
  constexpr std::string_view kDoing = "asking for the verdict of a guardrail";
  CheckAsker& asker = *call_.shard.checks;
  subject_.is_answer = phase == HookPhase::kOutput;
  guardrails::GuardrailRun run(guardrail, {&facts_, view, &subject_, body});
  std::vector<guardrails::Reply> replies;
  for (std::vector<guardrails::Question> questions = run.Go(); !questions.empty(); questions = run.Go()) {
    const net::WaitResult asked = co_await asker.Ask(std::move(questions), call_.wait, &replies);
    if (asked == net::WaitResult::kCancelled) ended_ = CancelledError(call_, kDoing);
    if (asked == net::WaitResult::kTimeout) ended_ = OutOfTime(call_, call_.wait.deadline, kDoing);
    if (ended_) co_return GuardrailResult();
    run.Take(replies);
  }
  for (guardrails::BesidePost& post : run.TakePosts()) {
    const std::string check = post.check;
    if (!asker.Post(phase, std::move(post))) NoteDropped(phase, guardrail.name, check);
  }
  co_return run.TakeResult();
}

// What was to run beside the call and does not, as too much is under way.
void CallHooks::NoteDropped(HookPhase phase, std::string_view guardrail, std::string_view check) {
  call_.shard.observer->OnCheck(phase, check, CheckVerdict::kError, std::chrono::nanoseconds(0));
  if (failed_checks_.size() > kMaxLogged) return;
  failed_checks_.append(failed_checks_.empty() ? "" : ", ");
  failed_checks_.append(phase == HookPhase::kInput ? "input:dropped " : "output:dropped ");
  failed_checks_.append(guardrail.empty() ? "request" : guardrail).append("/").append(check);
}

void CallHooks::KeepIfWanted(HookPhase phase, const codec::MessagePlan& plan,
                             const google::protobuf::Message& message) {
  if (!Beside(phase).empty()) kept_[Index(phase)] = std::make_unique<KeptBody>(plan, message);
}

void CallHooks::KeepIfWanted(HookPhase phase, std::string_view text, bool is_json) {
  if (!Beside(phase).empty()) kept_[Index(phase)] = std::make_unique<KeptBody>(text, is_json);
}

void CallHooks::KeepIfWanted(HookPhase phase, const std::vector<guardrails::LaneText>& texts) {
  if (!Beside(phase).empty()) kept_[Index(phase)] = std::make_unique<KeptBody>(texts);
}

void CallHooks::FinishBeside(HookPhase phase) {
  const std::unique_ptr<KeptBody>& kept = kept_[Index(phase)];
  if (kept == nullptr) return;
  std::optional<View> view;
  for (const auto& guardrail : Beside(phase)) {
    if (guardrails::AsksNetwork(*guardrail)) {
      BesideRun run{.phase = phase,
                    .guardrail = guardrail,
                    .kept = kept->Copy(),
                    .subject = subject_,
                    .model = std::string(facts_.model),
                    .request_type = std::string(facts_.request_type),
                    .request_id = std::string(call_.in.request_id)};
      run.subject.is_answer = phase == HookPhase::kOutput;
      if (RunBeside(*call_.shard.checks, std::move(run))) continue;
      for (const guardrails::Check& check : guardrail->checks) NoteDropped(phase, guardrail->name, check.id);
      continue;
    }
    if (!view) view = kept->Open();
    const auto start = std::chrono::steady_clock::now();
    const GuardrailResult result = guardrails::RunGuardrail(*guardrail, facts_, &*view);
    Note(phase, *guardrail, result, std::chrono::steady_clock::now() - start);
  }
}

}  // namespace portolan::core
