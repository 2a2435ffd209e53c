#include <google/protobuf/message.h>

#include <algorithm>
#include <utility>

#include "providers/classify.h"
#include "server/core/attempt.h"
#include "server/core/call_state.h"
#include "server/core/error_body.h"
#include "server/core/upstream_error.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;
using providers::Shape;

Error InvalidAnswer(std::string message) {
  Error error;
  error.error_class = ErrorClass::kProvider;
  error.http_status = 502;
  error.code = "upstream_invalid_answer";
  error.message = std::move(message);
  error.retryable = true;
  error.transport = true;
  return error;
}

// The body as one text: a view of the exchange's own buffer where it came with the head, else collected in
// *held.
struct Body {
  std::string_view text;
  std::optional<Error> error;
};

net::Task<Body> ReadBody(upstream::Exchange& exchange, size_t limit, net::Wait wait, std::string* held) {
  if (const auto whole = exchange.TakeWhole()) co_return Body{*whole, std::nullopt};
  const upstream::Failure failure = co_await exchange.ReadAll(limit, held, wait);
  if (failure.ok()) co_return Body{*held, std::nullopt};
  co_return Body{{}, ToError(failure, wait.scope)};
}

// Media types are compared without case (RFC 9110, section 8.3.1).
bool IsEventStream(const upstream::Exchange& exchange) {
  constexpr std::string_view kType = "text/event-stream";
  const std::string_view type = FindHeader(exchange.headers(), "content-type").value_or("");
  return type.size() >= kType.size() &&
         std::equal(kType.begin(), kType.end(), type.begin(), [](char want, char c) {
           return want == (c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
         });
}

// What an error that came under a good status says.
Error ErrorInAnswer(const CallState& call, const upstream::Exchange& exchange, std::string_view body) {
  const providers::Target& target = call.route.target;
  return target.provider->Classify(providers::StatusInError(body, 502), exchange.headers(), body, target);
}

// An error in no shape of its dialect, under a good status: what the provider says goes before what the
// gateway makes of it.
void TakeWords(const CallState& call, const upstream::Exchange& exchange, std::string_view body,
               Error* error) {
  TokenUsage usage;
  ChoiceTracker choices;
  if (error->code == "upstream_invalid_answer" && ScanAnswer(body, &usage, &choices).has_error) {
    *error = ErrorInAnswer(call, exchange, body);
  }
}

// `body` if it is an error in the hub's own dialect, which passes as it came; else nothing.
std::string_view UntouchedError(const CallState& call, std::string_view body) {
  const Shape shape = call.route.target.provider->shape(call.operation.operation);
  return shape.kind == Shape::Kind::kHub && IsOpenAiError(body) ? body : std::string_view();
}

// A status of 400 and above, or a redirect, which is not followed.
net::Task<Attempted> FailFromProvider(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  std::string held;
  const Body body = co_await ReadBody(*exchange, call.config.max_error_bytes, call.attempt_wait, &held);
  const providers::Target& target = call.route.target;
  if (exchange->status() < 400) {
    Error error = InvalidAnswer("the provider answered with status " + std::to_string(exchange->status()) +
                                ", which the gateway does not follow");
    co_return Fail(call, std::move(error), std::move(exchange));
  }
  // The status alone tells what failed; its body would have told why.
  Error error = target.provider->Classify(exchange->status(), exchange->headers(), body.text, target);
  if (body.error) error.message += ", and what it said is lost: " + body.error->message;
  const std::string_view untouched = UntouchedError(call, body.text);
  co_return Fail(call, std::move(error), std::move(exchange), untouched);
}

// Looks at a good answer of a provider that speaks the hub's dialect, which is passed on as it came. An error
// that is in the hub's dialect is left in *untouched.
std::optional<Error> CheckRelayed(CallState& call, const upstream::Exchange& exchange, std::string_view body,
                                  std::string_view* untouched) {
  ChoiceTracker choices;
  const ScanResult scan = ScanAnswer(body, &call.outcome.usage, &choices);
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

Error NotUnderstood(const codec::DecodeError& problem) {
  return InvalidAnswer("the provider's answer cannot be understood: " + problem.ToString());
}

constexpr codec::DecodeOptions kAnswer{.strictness = codec::Strictness::kResponse};

// A good answer of a provider with a dialect of its own as a message of the hub.
std::optional<Error> TranslateAnswer(CallState& call, std::string_view body, const Shape& shape,
                                     const Message** out) {
  const providers::Translator& translator = *shape.translator;
  Message* const answer = translator.response_type()->New(&call.arena.get());
  const codec::MessagePlan& plan = *call.config.operations->codec().Find(answer->GetDescriptor());
  codec::DecodeError problem;
  if (!codec::Decode(plan, body, kAnswer, answer, &problem)) return NotUnderstood(problem);
  Message* const hub = call.operation.response_type->New(&call.arena.get());
  *out = hub;
  return translator.DecodeResponse(*answer, call.facts, hub);
}

net::Task<Attempted> ReplyTranslated(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                                     std::string_view body, Shape shape) {
  const Message* answer = nullptr;
  if (std::optional<Error> error = TranslateAnswer(call, body, shape, &answer)) {
    TakeWords(call, *exchange, body, &*error);
    co_return Fail(call, *std::move(error), std::move(exchange));
  }
  co_await ReplyMessage(call, *answer, exchange.get());
  co_return Attempted::kAnswered;
}

// An answer in the hub's dialect: to REST the bytes as they came, to gRPC in wire format.
net::Task<Attempted> ReplyRelayed(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                                  std::string_view body) {
  std::string_view untouched;
  std::string wire;
  std::optional<Error> error = CheckRelayed(call, *exchange, body, &untouched);
  if (!error && call.sink.typed()) {
    codec::DecodeError problem;
    if (!codec::DecodeToWire(*call.operation.response, body, kAnswer, &wire, &problem)) {
      error = NotUnderstood(problem);
    }
  }
  if (error) co_return Fail(call, *std::move(error), std::move(exchange), untouched);
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
  const Shape shape = call.route.target.provider->shape(call.operation.operation);
  if (shape.kind == Shape::Kind::kTranslated) {
    return ReplyTranslated(call, std::move(exchange), body, shape);
  }
  return ReplyRelayed(call, std::move(exchange), body);
}

net::Task<Attempted> ReadAndReply(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  std::string held;
  Body body = co_await ReadBody(*exchange, call.config.max_answer_bytes, call.attempt_wait, &held);
  if (body.error) co_return Fail(call, *std::move(body.error), std::move(exchange));
  co_return co_await ReplyBody(call, std::move(exchange), body.text);
}

net::Task<Attempted> ReplyUnary(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  // Nearly every answer came whole with its head.
  if (const auto whole = exchange->TakeWhole()) return ReplyBody(call, std::move(exchange), *whole);
  return ReadAndReply(call, std::move(exchange));
}

// Something else where a stream was asked for: an error under status 200, perhaps.
net::Task<Attempted> FailNoStream(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  std::string held;
  const Body body = co_await ReadBody(*exchange, call.config.max_error_bytes, call.attempt_wait, &held);
  Error error = InvalidAnswer("the provider was asked for a stream and answered with something else");
  const Shape shape = call.route.target.provider->shape(call.operation.operation);
  ChoiceTracker choices;
  TokenUsage usage;
  const ScanResult scan = ScanAnswer(body.text, &usage, &choices);
  if (body.error) {
    error = *body.error;
  } else if (scan.is_object && scan.has_error && shape.kind == Shape::Kind::kTranslated) {
    // As in a unary answer: the error's type may stand for a status.
    const Message* ignored = nullptr;
    if (auto told = TranslateAnswer(call, body.text, shape, &ignored)) error = *std::move(told);
    TakeWords(call, *exchange, body.text, &error);
  } else if (scan.is_object && scan.has_error) {
    error = ErrorInAnswer(call, *exchange, body.text);
  }
  const std::string_view untouched = UntouchedError(call, body.text);
  co_return Fail(call, std::move(error), std::move(exchange), untouched);
}

net::Task<Attempted> FailUnaskedStream(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  co_return Fail(call, InvalidAnswer("the provider answered with a stream that was not asked for"),
                 std::move(exchange));
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
  if (call.outcome.attempts > 0) TellUpstream(call.route.target, call.facts, &error);
  call.failure.emplace(
      AttemptFailure{std::move(error), /*local=*/false, std::move(exchange), std::string(body)});
  return Attempted::kFailed;
}

net::Task<Attempted> ReplyFromUpstream(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  if (exchange->status() < 200 || exchange->status() >= 300)
    return FailFromProvider(call, std::move(exchange));
  if (call.engine->Rejects(exchange->status())) return FailListed(call, std::move(exchange));
  const bool stream = IsEventStream(*exchange);
  if (call.facts.stream) {
    return stream ? ReplyStream(call, std::move(exchange)) : FailNoStream(call, std::move(exchange));
  }
  return stream ? FailUnaskedStream(call, std::move(exchange)) : ReplyUnary(call, std::move(exchange));
}

}  // namespace portolan::core
