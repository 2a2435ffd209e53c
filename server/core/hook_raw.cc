// Answers to relayed calls that have guardrails.

#include <string>
#include <utility>
#include <vector>

#include "server/base/json_text.h"
#include "server/base/text.h"
#include "server/codec/splice.h"
#include "server/core/call_hooks.h"
#include "server/core/hook_answer.h"
#include "server/core/hook_body.h"
#include "server/core/relay.h"
#include "server/core/upstream_answer.h"
#include "server/core/upstream_error.h"

namespace portolan::core {
namespace {

using guardrails::View;

// Whether checks can read the body: it is JSON or text, and not compressed.
bool IsReadable(const upstream::Exchange& exchange, bool* json) {
  const std::string_view type = FindHeader(exchange.headers(), "content-type").value_or("");
  const std::string_view encoding = FindHeader(exchange.headers(), "content-encoding").value_or("identity");
  *json = IsJsonMediaType(type);
  return (*json || StartsWithIgnoreCase(type, "text/")) && encoding == "identity";
}

// A JSON object with what the guardrails have found.
std::string WithResults(const CallState& call, std::string_view json) {
  const codec::MessagePlan& plan = *call.operation.request;
  std::vector<codec::MemberSpan> spans;
  codec::DecodeError problem;
  const codec::DecodeOptions options{.strictness = codec::Strictness::kResponse, .spans = &spans};
  if (!call.hooks->has_results() || !codec::Decode(plan, json, options, nullptr, &problem)) {
    return std::string(json);
  }
  const codec::Edit edit{codec::Edit::Kind::kSet, "hook_results", call.hooks->Results()->json};
  codec::GatherList pieces;
  codec::Splice(json, spans, {&edit, 1}, plan, &pieces);
  std::string text;
  for (const std::string_view piece : pieces) text += piece;
  return text;
}

// What is left of an answer's body when it has been looked at.
net::Task<std::optional<Error>> GuardBody(CallState& call, bool json, std::string* body) {
  call.hooks->KeepIfWanted(HookPhase::kOutput, *body, json);
  View view = json ? View::OfJson(body) : View(body);
  TextBody whole(body, json);
  (void)co_await call.hooks->Run(HookPhase::kOutput, &view, &whole);
  if (auto denial = call.hooks->Denial()) co_return denial;
  if (json) *body = WithResults(call, *body);
  co_return std::nullopt;
}

net::Task<void> SendWhole(CallState& call, const upstream::Exchange& exchange, std::string_view body) {
  const int status = GuardedStatus(call);
  call.outcome.status = status;
  call.outcome.reply_bytes = body.size();
  ReplyHead head = MakeHead(call, status, &exchange);
  head.content_type = FindHeader(exchange.headers(), "content-type").value_or("");
  bool delivered = co_await call.sink.StartRelay(std::move(head), body.size());
  if (delivered && !body.empty()) delivered = co_await call.sink.WriteRelay(body);
  if (delivered) delivered = co_await call.sink.EndRelay(nullptr);
  if (!delivered) call.outcome.status = 499;
}

}  // namespace

bool GuardsRaw(const CallState& call, const upstream::Exchange& exchange) {
  if (call.hooks == nullptr || exchange.status() != 200) return false;
  bool json = false;
  if (!call.hooks->Of(HookPhase::kOutput).empty()) return true;
  return call.hooks->has_results() && IsReadable(exchange, &json) && json;
}

net::Task<Attempted> ReplyGuardedRaw(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  bool json = false;
  std::string body;
  std::optional<Error> error;
  const bool readable = IsReadable(*exchange, &json);
  if (readable) {
    const upstream::Failure failure =
        co_await exchange->ReadAll(call.config.max_answer_bytes, &body, call.wait);
    if (!failure.ok()) co_return Fail(call, ToError(call, failure, call.wait), std::move(exchange));
    error = co_await GuardBody(call, json, &body);
  } else {
    call.hooks->NoteUnreadable(HookPhase::kOutput);
    error = call.hooks->Denial();
  }
  if (!error) error = RejectedStatus(call);
  if (error) co_return FailGuarded(call, *std::move(error), std::move(exchange));
  if (!readable) co_return co_await PassRaw(call, std::move(exchange));
  co_await SendWhole(call, *exchange, body);
  co_return Attempted::kAnswered;
}

}  // namespace portolan::core
