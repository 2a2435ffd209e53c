#include "server/core/hook_answer.h"

#include <google/protobuf/message.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/core/call_hooks.h"
#include "server/core/hook_body.h"
#include "server/core/hook_edits.h"
#include "server/core/upstream_answer.h"
#include "server/guardrails/view_of.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;
using guardrails::View;

// An answer on its way through the guardrails.
struct Answer {
  std::string_view text;  // as it came, and as it is to leave if nothing changes
  std::string buffer;
  std::vector<codec::MemberSpan> spans;
  std::vector<codec::Edit> edits;
  std::shared_ptr<const HookResultsText> results;
  codec::GatherList pieces;
};

// Whether any guardrail looks at answers.
bool LooksAtAnswers(const CallHooks& hooks) {
  return !hooks.Of(HookPhase::kOutput).empty() || !hooks.Beside(HookPhase::kOutput).empty();
}

// The answer in REST's form after the guardrails, where its type does not say where its texts are.
net::Task<std::string> GuardText(CallState& call, std::string_view json) {
  call.hooks->KeepIfWanted(HookPhase::kOutput, json, /*is_json=*/true);
  std::string text(json);
  View view = View::OfJson(&text);
  TextBody body(&text, /*is_json=*/true);
  (void)co_await call.hooks->Run(HookPhase::kOutput, &view, &body);
  co_return text;
}

// The same for a type that does. `plan`: of the message. Empty: nothing has changed.
net::Task<std::string> GuardMessage(CallState& call, const codec::MessagePlan& plan, std::string_view json,
                                    Message* message) {
  std::optional<View> view = guardrails::ViewOf(message);
  if (!view) co_return co_await GuardText(call, json);
  call.hooks->KeepIfWanted(HookPhase::kOutput, plan, *message);
  std::string text;
  MessageBody body(plan, codec::Strictness::kResponse, message);
  const bool changed = co_await call.hooks->Run(HookPhase::kOutput, &*view, &body);
  if (changed) codec::Encode(plan, *message, {}, &text);
  co_return text;
}

// What is found is told beside what the answer says.
void AddResults(const CallState& call, Answer* answer) {
  if (!call.hooks->has_results()) return;
  answer->edits.push_back({codec::Edit::Kind::kSet, "hook_results", call.hooks->Results()->json});
}

// The same where nothing else changes, without a look at the members. False if that does not do: the answer
// may have a member of this name.
bool AppendResults(const CallState& call, Answer* answer) {
  constexpr std::string_view kName = "hook_results";
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::string_view text = answer->text;
  const size_t brace = text.find_last_not_of(kBlanks);
  if (brace == std::string_view::npos || brace == 0 || text[brace] != '}') return false;
  if (text[text.find_last_not_of(kBlanks, brace - 1)] == '{') return false;
  if (memmem(text.data(), text.size(), kName.data(), kName.size()) != nullptr) return false;
  if (!call.hooks->has_results()) {
    answer->pieces = {text};
    return true;
  }
  answer->results = call.hooks->Results();
  answer->pieces = {text.substr(0, brace), R"(,"hook_results":)", answer->results->json, text.substr(brace)};
  return true;
}

net::Task<std::optional<Error>> GuardJson(CallState& call, Answer* answer) {
  const codec::MessagePlan& plan = *call.operation.response;
  const bool looks = LooksAtAnswers(*call.hooks);
  if (!looks && AppendResults(call, answer)) co_return std::nullopt;
  Message* const message = looks ? call.operation.response_type->New(&call.arena.get()) : nullptr;
  codec::DecodeError problem;
  codec::DecodeOptions options = kAnswerDecoding;
  options.spans = &answer->spans;
  if (!codec::Decode(plan, answer->text, options, message, &problem)) co_return NotUnderstood(problem);
  if (looks && !guardrails::SaysNothing(*message)) {
    std::string before;
    codec::Encode(plan, *message, {}, &before);
    const std::string after = co_await GuardMessage(call, plan, before, message);
    if (auto denial = call.hooks->Denial()) co_return denial;
    if (!after.empty()) AddEdits(plan, before, after, &answer->edits);
  }
  AddResults(call, answer);
  codec::Splice(answer->text, answer->spans, answer->edits, plan, &answer->pieces);
  co_return std::nullopt;
}

// Looks at an answer of the hub's in wire format, which *wire holds.
net::Task<std::optional<Error>> LookAtWire(CallState& call, std::string* wire) {
  Message* const message = call.operation.hub->response_type->New(&call.arena.get());
  codec::DecodeError problem;
  if (!codec::ParseWire(*wire, message, &problem)) co_return NotUnderstood(problem);
  std::optional<View> view = guardrails::ViewOf(message);
  if (!view || guardrails::SaysNothing(*message)) co_return std::nullopt;
  const codec::MessagePlan& plan = *call.operation.hub->response;
  call.hooks->KeepIfWanted(HookPhase::kOutput, plan, *message);
  MessageBody body(plan, codec::Strictness::kResponse, message);
  const bool changed = co_await call.hooks->Run(HookPhase::kOutput, &*view, &body);
  if (auto denial = call.hooks->Denial()) co_return denial;
  if (changed) *wire = message->SerializeAsString();
  co_return std::nullopt;
}

net::Task<std::optional<Error>> GuardWire(CallState& call, Answer* answer) {
  answer->buffer = answer->text;
  if (LooksAtAnswers(*call.hooks)) {
    if (auto error = co_await LookAtWire(call, &answer->buffer)) co_return error;
  }
  if (call.hooks->has_results()) {
    AppendResultsField(call.hooks->Results()->wire, &answer->buffer);
  }
  co_return std::nullopt;
}

}  // namespace

Attempted FailGuarded(CallState& call, Error error, std::unique_ptr<upstream::Exchange> exchange) {
  const Attempted failed = Fail(call, std::move(error), std::move(exchange));
  // The provider is not at fault.
  call.failure->error.upstream_url.clear();
  return failed;
}

int GuardedStatus(const CallState& call) {
  return call.hooks != nullptr && call.hooks->failed() ? routing::kHooksFailed : 200;
}

std::optional<Error> RejectedStatus(const CallState& call) {
  const int status = GuardedStatus(call);
  if (status == 200 || !call.engine->Rejects(status)) return std::nullopt;
  Error error = InvalidAnswer("the route goes on after status 246: guardrails that do not deny have failed");
  error.error_class = ErrorClass::kPolicy;
  error.code = "guardrail_denied";
  error.type = "hooks_failed";
  error.http_status = status;
  error.transport = false;
  error.retryable = false;
  error.hook_results = call.hooks->Results();
  return error;
}

net::Task<Attempted> ReplyGuarded(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                                  std::string_view text) {
  const bool typed = call.sink.typed();
  Answer answer;
  answer.text = text;
  net::Task<std::optional<Error>> guarding = typed ? GuardWire(call, &answer) : GuardJson(call, &answer);
  std::optional<Error> error = co_await std::move(guarding);
  if (!error) error = RejectedStatus(call);
  if (error) co_return FailGuarded(call, *std::move(error), std::move(exchange));
  const int status = GuardedStatus(call);
  call.outcome.status = status;
  ReplyHead head = MakeHead(call, status, exchange.get());
  bool delivered = false;
  if (typed) {
    delivered = co_await call.sink.SendMessage(std::move(head), answer.buffer);
  } else {
    call.outcome.reply_bytes = 0;
    for (const std::string_view piece : answer.pieces) call.outcome.reply_bytes += piece.size();
    delivered = co_await call.sink.SendJson(std::move(head), answer.pieces);
  }
  if (!delivered) call.outcome.status = 499;
  co_return Attempted::kAnswered;
}

net::Task<Attempted> ReplyGuarded(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                                  const Message& answer) {
  ChoiceTracker choices;
  ScanResult scan;
  ScanMessage(answer, &call.outcome.usage, &choices, &scan);
  call.outcome.finish_reason = scan.finish_reason;
  std::string text;
  if (call.sink.typed()) {
    text = answer.SerializeAsString();
  } else {
    EncodeAnswer(call, answer, &text);
  }
  co_return co_await ReplyGuarded(call, std::move(exchange), std::string_view(text));
}

}  // namespace portolan::core
