#include <google/protobuf/message.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "server/core/call_state.h"
#include "server/core/call_steps.h"
#include "server/core/error_body.h"
#include "server/core/explain.h"
#include "server/core/header_table.h"
#include "server/core/upstream_answer.h"

namespace portolan::core {
namespace {

constexpr size_t kMaxListBytes = 1024;
constexpr size_t kMaxErrorHeaderBytes = 4096;

// Comma list of paths, cut to a length that every client takes. Characters unfit for a header become `?`.
std::string HeaderList(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (out.size() + name.size() + 2 > kMaxListBytes) {
      out += out.empty() ? "..." : ", ...";
      break;
    }
    if (!out.empty()) out += ", ";
    for (const char c : name) out += c < 0x20 || c == 0x7f ? '?' : c;
  }
  return out;
}

// What the caller asked for that has no effect: members of the config, and headers.
std::vector<std::string> Ignored(const CallState& call) {
  std::vector<std::string> ignored = call.route.ignored;
  if (call.plan != nullptr)
    ignored.insert(ignored.begin(), call.plan->ignored.begin(), call.plan->ignored.end());
  if (call.headers.options.empty()) return ignored;
  for (std::string& name :
       routing::UnreadHeaders(call.snapshot->routing, call.headers, call.in.headers,
                              call.route_request ? &*call.route_request : nullptr, call.plan.get())) {
    ignored.push_back(std::move(name));
  }
  return ignored;
}

// From -1 to 5.
std::string_view RetryCount(const CallState& call) {
  constexpr std::array<std::string_view, 7> kTexts = {"-1", "0", "1", "2", "3", "4", "5"};
  return kTexts[static_cast<size_t>(call.engine->retry_count() + 1)];
}

// The gateway has tried again already, or was told to wait for too long: SDKs need not do it once more.
bool HasRetried(const CallState& call) {
  return call.engine && (call.engine->went_on() || call.engine->retry_count() < 0);
}

// What passes down from the provider. `retried`: the gateway says itself whether another attempt helps.
void AddProvidersHeaders(CallState& call, bool retried, const upstream::Exchange& exchange,
                         HeaderBlock* out) {
  const std::string_view prefix = call.headers.reply_prefix;
  if (call.tells_steps) TellAnswerHeaders(call, exchange);
  const bool raw = call.operation.relays;
  for (const HeaderView& header : exchange.headers()) {
    if (retried && header.name == "x-should-retry") continue;
    if (PassesDownstream(header.name) || (raw && RelaysDownstream(header.name))) {
      if (!IsHopByHop(exchange.headers(), header.name)) out->Add(header.name, header.value);
    } else if (IsUpstreamRequestId(header.name) && call.upstream_request_id.empty()) {
      call.upstream_request_id = header.value;
      out->Add(prefix, "upstream-request-id", header.value);
    }
  }
}

}  // namespace

ReplyHead MakeHead(CallState& call, int status, const upstream::Exchange* exchange) {
  ReplyHead head;
  head.status = status;
  HeaderBlock& out = head.headers;
  out.Reserve(1024);
  const std::string_view prefix = call.headers.reply_prefix;
  out.Add("x-request-id", call.in.request_id);
  if (!call.trace_id.empty()) out.Add(prefix, "trace-id", call.trace_id);
  if (call.route.target.provider != nullptr) {
    out.Add(prefix, "provider", call.route.target.provider->name);
    out.Add(prefix, "last-used-option-index", call.route.index);
    out.Add(prefix, "retry-attempt-count", RetryCount(call));
    out.Add(prefix, "cache-status", "DISABLED");
  }
  const std::vector<std::string> ignored = Ignored(call);
  if (!ignored.empty()) out.Add(prefix, "ignored", HeaderList(ignored));
  if (!call.dropped.empty()) out.Add(prefix, "dropped", HeaderList(call.dropped));
  if (call.explain && call.engine) out.Add(prefix, "explain", ExplanationHeader(call));
  if (call.failure && call.failure->local) out.Add(prefix, "gateway-exception", "true");
  const bool retried = status >= 400 && HasRetried(call);
  if (retried) out.Add("x-should-retry", "false");
  if (exchange != nullptr) AddProvidersHeaders(call, retried, *exchange, &out);
  head.request_id = call.upstream_request_id.empty() ? call.in.request_id : call.upstream_request_id;
  const std::string_view own_name = call.operation.door().request_id_header();
  if (!own_name.empty()) out.Add(own_name, head.request_id);
  return head;
}

namespace {

// Some providers say in their body when to come back; clients look at headers alone.
void AddRetryAfter(const Error& error, const upstream::Exchange* exchange, HeaderBlock* headers) {
  if (!error.retry_after || error.retry_after->count() <= 0) return;
  if (exchange != nullptr && FindHeader(exchange->headers(), "retry-after")) return;
  headers->Add("retry-after", std::to_string((error.retry_after->count() + 999) / 1000));
}

}  // namespace

net::Task<void> ReplyError(CallState& call, Error error, const upstream::Exchange* exchange,
                           std::string_view provider_body) {
  error.attempts = call.outcome.attempts;
  error.tried = call.tried;
  call.outcome.error = error;
  call.outcome.status = error.http_status;
  // Callers leave when their own time is over, at the moment when the gateway ends the call: the log says
  // why.
  const bool out_of_time = error.code == "request_timeout";
  if (call.in.scope->cancelled() && call.in.scope->reason() == net::CancelReason::kClientGone) {
    // Nobody is there to read an answer.
    if (!out_of_time) call.outcome.status = 499;
    co_return;
  }
  ReplyHead head = MakeHead(call, error.http_status, exchange);
  AddRetryAfter(error, exchange, &head.headers);
  if (!provider_body.empty()) {
    if (call.operation.relays && exchange != nullptr)
      head.content_type = FindHeader(exchange->headers(), "content-type").value_or("");
    const std::string detail = ErrorDetail(error);
    if (detail.size() <= kMaxErrorHeaderBytes) head.headers.Add(call.headers.reply_prefix, "error", detail);
  }
  const bool delivered = co_await call.sink.SendError(std::move(head), error, provider_body);
  if (!delivered && !out_of_time) call.outcome.status = 499;
}

void EncodeAnswer(CallState& call, const google::protobuf::Message& answer, std::string* json) {
  const google::protobuf::Message* said = &answer;
  if (!call.operation.speaks_hub()) {
    google::protobuf::Message* const wire = call.operation.response_type->New(&call.arena.get());
    call.operation.form->mapping->AnswerToWire(answer, call.facts, wire);
    said = wire;
  }
  codec::Encode(*call.operation.response, *said, {.composed = true}, json);
}

net::Task<void> ReplyMessage(CallState& call, const google::protobuf::Message& message,
                             const upstream::Exchange* exchange) {
  ChoiceTracker choices;
  ScanResult scan;
  ScanMessage(message, &call.outcome.usage, &choices, &scan);
  call.outcome.finish_reason = scan.finish_reason;
  call.outcome.status = 200;
  ReplyHead head = MakeHead(call, 200, exchange);
  bool delivered = false;
  if (call.sink.typed()) {
    const std::string wire = message.SerializeAsString();
    delivered = co_await call.sink.SendMessage(std::move(head), wire);
  } else {
    std::string json;
    EncodeAnswer(call, message, &json);
    call.outcome.reply_bytes = json.size();
    const std::string_view piece = json;
    delivered = co_await call.sink.SendJson(std::move(head), {&piece, 1});
  }
  if (!delivered) call.outcome.status = 499;
}

}  // namespace portolan::core
