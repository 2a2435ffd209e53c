#include <google/protobuf/message.h>

#include <utility>

#include "server/base/byte_budget.h"
#include "server/core/answer_form.h"
#include "server/core/attempt.h"
#include "server/core/batches.h"
#include "server/core/hook_answer.h"
#include "server/core/relay.h"
#include "server/core/token_source.h"
#include "server/core/upstream_answer.h"
#include "server/core/vector_form.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;
using providers::Way;

// The provider refuses the token that the call has brought: the next attempt fetches another.
void ForgetToken(CallState& call) {
  const std::string name = call.route.target.provider->auth->TokenName(call.route.target);
  if (!name.empty()) call.shard.tokens->Drop(name, call.attempt_started);
}

// A status of 400 and above, or a redirect, which is not followed.
net::Task<Attempted> FailFromProvider(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  std::string held;
  const Body body = co_await ReadBody(call, *exchange, call.config.max_error_bytes, &held);
  const providers::Target& target = call.route.target;
  if (target.provider->auth->RefusesToken(exchange->status(), exchange->headers())) ForgetToken(call);
  if (exchange->status() < 400) {
    Error error = InvalidAnswer("the provider answered with status " + std::to_string(exchange->status()) +
                                ", which the gateway does not follow");
    co_return Fail(call, std::move(error), std::move(exchange));
  }
  // The status alone tells what failed; its body would have told why.
  Error error = target.dialect->ReadError(exchange->status(), exchange->headers(), body.text, target);
  if (body.error) error.message += ", and what it said is lost: " + body.error->message;
  const std::string_view untouched = UntouchedError(call, body.text);
  co_return Fail(call, std::move(error), std::move(exchange), untouched);
}

// Looks at a good answer of a provider that speaks the caller's dialect, which is passed on as it came. An
// error in that dialect's own shape is left in *untouched.
std::optional<Error> CheckRelayed(CallState& call, const upstream::Exchange& exchange, std::string_view body,
                                  std::string_view* untouched) {
  Scanner scanner(call.operation.plan->scan);
  const ScanResult scan = scanner.ScanWhole(body);
  call.outcome.usage = scanner.usage();
  if (!scan.is_object) return InvalidAnswer("the provider's answer is not a JSON object");
  if (scan.has_error) {
    *untouched = UntouchedError(call, body);
    return ErrorInAnswer(call, exchange, body);
  }
  call.outcome.finish_reason = scan.finish_reason;
  call.outcome.status = exchange.status();
  call.outcome.reply_bytes = body.size();
  return std::nullopt;
}

// A part of the answer, of which the caller hears when all are there.
Attempted TakePart(CallState& call, std::unique_ptr<upstream::Exchange> exchange, const Message& answer) {
  std::optional<Error> error = call.joined->Take(static_cast<const v1::EmbeddingResponse&>(answer));
  if (error) return Fail(call, *std::move(error), std::move(exchange));
  return Attempted::kAnswered;
}

net::Task<Attempted> ReplyTranslated(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                                     std::string_view body) {
  const Message* answer = nullptr;
  if (std::optional<Error> error = TypeAnswer(call, *exchange, body, &answer)) {
    co_return Fail(call, *std::move(error), std::move(exchange));
  }
  if (call.joined != nullptr) co_return TakePart(call, std::move(exchange), *answer);
  if (call.hooks != nullptr) co_return co_await ReplyGuarded(call, std::move(exchange), *answer);
  co_await ReplyMessage(call, *answer, exchange.get());
  co_return Attempted::kAnswered;
}

// An answer in the caller's dialect: to REST the bytes as they came, to gRPC in wire format.
net::Task<Attempted> ReplyRelayed(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                                  std::string_view body) {
  std::string_view untouched;
  std::string wire;
  std::optional<Error> error = CheckRelayed(call, *exchange, body, &untouched);
  if (!error && HasOtherVectors(call, body))
    co_return co_await ReplyTranslated(call, std::move(exchange), body);
  if (!error && call.sink.typed()) {
    codec::DecodeError problem;
    if (!codec::DecodeToWire(*call.operation.response, body, kAnswerDecoding, &wire, &problem)) {
      error = NotUnderstood(problem);
    }
  }
  if (error) co_return Fail(call, *std::move(error), std::move(exchange), untouched);
  if (call.hooks != nullptr) {
    co_return co_await ReplyGuarded(call, std::move(exchange), call.sink.typed() ? wire : body);
  }
  ReplyHead head = MakeHead(call, exchange->status(), exchange.get());
  bool delivered = false;
  if (call.sink.typed()) {
    delivered = co_await call.sink.SendMessage(std::move(head), wire);
  } else {
    delivered = co_await call.sink.SendJson(std::move(head), {&body, 1});
  }
  if (!delivered) call.outcome.status = 499;
  co_return Attempted::kAnswered;
}

net::Task<Attempted> ReplyBody(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                               std::string_view body) {
  body = WithoutMark(body);
  if (FormOf(body) == BodyForm::kEvents) return ReplyJoined(call, std::move(exchange), body);
  const bool typed = call.route.way.kind == Way::Kind::kMap || call.joined != nullptr;
  if (typed) return ReplyTranslated(call, std::move(exchange), body);
  return ReplyRelayed(call, std::move(exchange), body);
}

net::Task<Attempted> ReadAndReply(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  std::string held;
  Body body = co_await ReadBody(call, *exchange, call.config.max_answer_bytes, &held);
  if (body.error) co_return Fail(call, *std::move(body.error), std::move(exchange));
  // It has been paid for: it counts, but is not refused.
  ByteBudget::Lease lease(call.config.held);
  lease.Hold(held.size());
  co_return co_await ReplyBody(call, std::move(exchange), body.text);
}

net::Task<Attempted> ReplyUnary(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  // Nearly every answer came whole with its head.
  if (const auto whole = exchange->TakeWhole()) return ReplyBody(call, std::move(exchange), *whole);
  return ReadAndReply(call, std::move(exchange));
}

// A good status that the route takes for a failure.
net::Task<Attempted> FailListed(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  Error error = InvalidAnswer("the route goes on after status " + std::to_string(exchange->status()));
  error.http_status = exchange->status();
  error.transport = false;
  co_return Fail(call, std::move(error), std::move(exchange));
}

}  // namespace

Attempted Fail(CallState& call, Error error, std::unique_ptr<upstream::Exchange> exchange,
               std::string_view body) {
  if (call.outcome.attempts > 0) TellUpstream(call.route.target, *call.route.way.form, call.facts, &error);
  call.failure.emplace(AttemptFailure{std::move(error), /*local=*/false, /*denied=*/false,
                                      std::move(exchange), std::string(body)});
  return Attempted::kFailed;
}

net::Task<Attempted> ReplyFromUpstream(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  const int status = exchange->status();
  const bool good = status >= 200 && status < 300;
  if (good && call.engine->Rejects(status)) return FailListed(call, std::move(exchange));
  if (call.route.way.kind == Way::Kind::kRaw) return ReplyRaw(call, std::move(exchange));
  if (!good) return FailFromProvider(call, std::move(exchange));
  return call.facts.stream ? ReplyStream(call, std::move(exchange)) : ReplyUnary(call, std::move(exchange));
}

}  // namespace portolan::core
