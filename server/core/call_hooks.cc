#include "server/core/call_hooks.h"

#include <algorithm>
#include <array>
#include <utility>

#include "portolan/v1/hook_results.pb.h"
#include "server/core/beside_run.h"
#include "server/core/hook_feedback.h"
#include "server/core/hook_results.h"
#include "server/guardrails/request_type.h"

namespace portolan::core {
namespace {

using guardrails::Guardrail;
using guardrails::GuardrailList;
using guardrails::GuardrailResult;
using guardrails::Hooks;
using guardrails::Verdict;
using guardrails::View;
using nlohmann::json;

constexpr size_t kMaxLogged = 1024;

void Append(const GuardrailList& list, GuardrailList* now, GuardrailList* beside) {
  for (const auto& guardrail : list) (guardrail->async ? beside : now)->push_back(guardrail);
}

void AppendVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) *out += static_cast<char>(value | 0x80);
  *out += static_cast<char>(value);
}

bool Erred(const GuardrailResult& result) {
  return std::any_of(result.checks.begin(), result.checks.end(), [](const auto& check) {
    return !check.passes && check.finding.verdict == Verdict::kError;
  });
}

}  // namespace

void AppendResultsField(std::string_view results, std::string* wire) {
  constexpr uint32_t kNumber = 102;  // in every answer
  AppendVarint(kNumber << 3 | 2, wire);
  AppendVarint(results.size(), wire);
  wire->append(results);
}

std::string_view PathBelowRoot(const CallState& call) {
  const std::string_view path = call.operation.relays ? call.in.path : std::string_view(call.operation.route);
  return path.starts_with("/v1/") ? path.substr(3) : path;
}

std::string_view RequestTypeOf(const CallState& call) {
  return guardrails::RequestTypeOf(PathBelowRoot(call));
}

CallHooks::CallHooks(CallState& call) : call_(call) {
  facts_.request_type = RequestTypeOf(call);
  if (call.headers.metadata.empty()) return;
  facts_.metadata = json::parse(call.headers.metadata, nullptr, /*allow_exceptions=*/false);
  if (!facts_.metadata.is_object()) facts_.metadata = nullptr;
}

CallHooks::~CallHooks() = default;

void CallHooks::Begin(const Hooks* of_target) {
  const routing::Caller* const caller = call_.credentials.caller;
  const std::array<const Hooks*, 4> all = {of_target, call_.header_hooks.get(),
                                           caller == nullptr ? nullptr : caller->hooks.get(),
                                           call_.snapshot->default_hooks.get()};
  for (size_t i = 0; i < 2; ++i) {
    now_[i].clear();
    beside_[i].clear();
    results_[i].clear();
    kept_[i].reset();
    asks_[i] = false;
  }
  for (const Hooks* const hooks : all) {
    if (hooks == nullptr) continue;
    Append(hooks->input, &now_[0], &beside_[0]);
    Append(hooks->output, &now_[1], &beside_[1]);
  }
  denied_ = erred_ = failed_ = false;
  facts_.model = call_.route.model;
  BeginNetwork();
}

bool CallHooks::RunNow(HookPhase phase, View* view) {
  bool changed = false;
  for (const auto& guardrail : Of(phase)) {
    const auto start = std::chrono::steady_clock::now();
    const GuardrailResult result = guardrails::RunGuardrail(*guardrail, facts_, view);
    Note(phase, *guardrail, result, std::chrono::steady_clock::now() - start);
    changed |= result.transformed;
  }
  (phase == HookPhase::kInput ? subject_.request : subject_.response).is_transformed |= changed;
  return changed;
}

void CallHooks::Note(HookPhase phase, const Guardrail& guardrail, const GuardrailResult& result,
                     std::chrono::nanoseconds took) {
  const json feedback = Feedback(guardrail, result);
  Log(phase, guardrail, result, feedback);
  const std::chrono::nanoseconds each =
      took / std::max<int64_t>(1, static_cast<int64_t>(result.checks.size()));
  for (const guardrails::CheckResult& check : result.checks) {
    if (check.is_beside) continue;
    call_.shard.observer->OnCheck(phase, check.id, static_cast<CheckVerdict>(check.finding.verdict), each);
  }
  if (guardrail.async) return;
  AppendResult({guardrail, result, feedback, took, call_.facts.unix_seconds}, &results_[Index(phase)]);
  if (result.passes || guardrail.mutator) return;
  if (!guardrail.deny) {
    failed_ = true;
    return;
  }
  // The first one says what kind of denial it is.
  if (!denied_) erred_ = Erred(result);
  denied_ = true;
  call_.shard.observer->OnDenied(phase, guardrail.name);
}

void CallHooks::NoteUnreadable(HookPhase phase) {
  const bool input = phase == HookPhase::kInput;
  const std::string why =
      std::string("the body of this ") + (input ? "request" : "answer") + " cannot be read by checks";
  for (const auto& guardrail : Of(phase)) {
    if (guardrail->name.empty()) {
      call_.route.ignored.emplace_back(input ? "input_guardrails" : "output_guardrails");
      continue;
    }
    GuardrailResult result;
    for (const guardrails::Check& check : guardrail->checks) {
      result.checks.push_back(
          {check.id, {Verdict::kError, {{"explanation", why}}}, false, check.pass_on_error});
      result.passes &= check.pass_on_error;
    }
    Note(phase, *guardrail, result, std::chrono::nanoseconds(0));
  }
}

void CallHooks::Log(HookPhase phase, const Guardrail& guardrail, const GuardrailResult& result,
                    const json& feedback) {
  if (feedback.is_object() && feedback_.size() < kMaxLogged) {
    feedback_.append(feedback_.empty() ? "" : ", ").append(ToLine(feedback));
  }
  if (result.passes) return;
  std::string& log = failed_checks_;
  const bool denies = guardrail.deny && !guardrail.async && !guardrail.mutator;
  for (const guardrails::CheckResult& check : result.checks) {
    if (check.passes || log.size() > kMaxLogged) continue;
    log.append(log.empty() ? "" : ", ").append(phase == HookPhase::kInput ? "input:" : "output:");
    log.append(denies ? "denied " : "failed ").append(guardrail.name.empty() ? "request" : guardrail.name);
    log.append("/").append(check.id);
  }
}

std::optional<Error> CallHooks::Denial() const {
  if (ended_) return ended_;
  if (!denied_) return std::nullopt;
  return LateDenial();
}

Error CallHooks::LateDenial() const {
  return {.error_class = erred_ ? ErrorClass::kGateway : ErrorClass::kPolicy,
          .http_status = 446,
          .code = erred_ ? "guardrail_error" : "guardrail_denied",
          // The sentence of Portkey's gateway, by which its callers may tell.
          .message =
              "The guardrail checks defined in the config failed. You can find more information in the "
              "`hook_results` object.",
          .type = "hooks_failed",
          .retryable = erred_,
          .hook_results = Results()};
}

std::string CallHooks::ResultsOf(HookPhase phase) const {
  const std::string member = phase == HookPhase::kInput ? "before_request_hooks" : "after_request_hooks";
  return "{\"" + member + "\":[" + results_[Index(phase)] + "]}";
}

std::string CallHooks::AsWire(const std::string& results) const {
  std::string wire;
  codec::DecodeError ignored;  // it is the gateway's own
  const auto& plan = *call_.config.operations->codec().Find(v1::HookResults::descriptor());
  (void)codec::DecodeToWire(plan, results, {.strictness = codec::Strictness::kResponse}, &wire, &ignored);
  return wire;
}

std::string CallHooks::ResultsAsChunk(HookPhase phase) const {
  std::string chunk;
  AppendResultsField(AsWire(ResultsOf(phase)), &chunk);
  return chunk;
}

std::shared_ptr<const HookResultsText> CallHooks::Results() const {
  auto text = std::make_shared<HookResultsText>();
  text->json.append(R"({"before_request_hooks":[)").append(results_[0]);
  text->json.append(R"(],"after_request_hooks":[)").append(results_[1]).append("]}");
  if (call_.sink.typed()) text->wire = AsWire(text->json);
  return text;
}

void CallHooks::Finish(CallOutcome* record) {
  FinishBeside(HookPhase::kInput);
  FinishBeside(HookPhase::kOutput);
  record->guardrails = failed_checks_;
  record->feedback = feedback_;
}

}  // namespace portolan::core
