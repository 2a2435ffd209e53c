#include <google/protobuf/message.h>

#include <algorithm>
#include <utility>

#include "server/core/call_state.h"
#include "server/core/error_body.h"
#include "server/core/upstream_error.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;
using providers::Shape;

// How long a finished stream's connection may take to end before it is closed instead of being kept.
constexpr std::chrono::milliseconds kLinger{500};

Error InvalidAnswer(std::string message) {
  Error error;
  error.error_class = ErrorClass::kProvider;
  error.http_status = 502;
  error.code = "upstream_invalid_answer";
  error.message = std::move(message);
  error.retryable = true;
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
  Error error = call.route.target.provider->Classify(502, exchange.headers(), body, call.route.target);
  error.error_class = ErrorClass::kProvider;
  return error;
}

// `body` if it is an error in the hub's own dialect, which passes as it came; else nothing.
std::string_view UntouchedError(const CallState& call, std::string_view body) {
  const Shape shape = call.route.target.provider->shape(call.operation.operation);
  return shape.kind == Shape::Kind::kHub && IsOpenAiError(body) ? body : std::string_view();
}

// A status of 400 and above, or a redirect, which is not followed.
net::Task<void> ReplyProviderError(CallState& call, std::unique_ptr<upstream::Exchange> held_exchange) {
  upstream::Exchange& exchange = *held_exchange;
  std::string held;
  const Body body = co_await ReadBody(exchange, call.config.max_error_bytes, call.wait, &held);
  const providers::Target& target = call.route.target;
  if (exchange.status() < 400) {
    co_await ReplyError(
        call,
        InvalidAnswer("the provider answered with status " + std::to_string(exchange.status()) +
                      ", which the gateway does not follow"),
        &exchange, {});
    co_return;
  }
  Error error = target.provider->Classify(exchange.status(), exchange.headers(), body.text, target);
  co_await ReplyError(call, std::move(error), &exchange, UntouchedError(call, body.text));
}

// Looks at a good answer of a provider that speaks the hub's dialect, which is passed on as it came. An error
// that is in the hub's dialect is left in *untouched.
std::optional<Error> CheckRelayed(CallState& call, const upstream::Exchange& exchange, std::string_view body,
                                  std::string_view* untouched) {
  ChoiceTracker choices;
  const ScanResult scan = ScanAnswer(body, &call.record.usage, &choices);
  if (!scan.is_object) return InvalidAnswer("the provider's answer is not a JSON object");
  if (scan.has_error) {
    *untouched = UntouchedError(call, body);
    return ErrorInAnswer(call, exchange, body);
  }
  call.record.finish_reason = scan.finish_reason;
  call.record.status = exchange.status();
  call.record.reply_bytes = body.size();
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
  Message* const answer = translator.response_type()->New(&call.arena);
  const codec::MessagePlan& plan = *call.config.operations->codec().Find(answer->GetDescriptor());
  codec::DecodeError problem;
  if (!codec::Decode(plan, body, kAnswer, answer, &problem)) return NotUnderstood(problem);
  Message* const hub = call.operation.response_type->New(&call.arena);
  *out = hub;
  return translator.DecodeResponse(*answer, call.facts, hub);
}

net::Task<void> ReplyTranslated(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                                std::string_view body, Shape shape) {
  const Message* answer = nullptr;
  if (std::optional<Error> error = TranslateAnswer(call, body, shape, &answer)) {
    co_await ReplyError(call, *std::move(error), exchange.get(), {});
  } else {
    co_await ReplyMessage(call, *answer, exchange.get());
  }
}

// An answer in the hub's dialect: to REST the bytes as they came, to gRPC in wire format.
net::Task<void> ReplyRelayed(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
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
  if (error) {
    co_await ReplyError(call, *std::move(error), exchange.get(), untouched);
    co_return;
  }
  ReplyHead head = MakeHead(call, exchange->status(), exchange.get());
  bool delivered = false;
  if (call.sink.typed()) {
    delivered = co_await call.sink.SendMessage(std::move(head), wire);
  } else {
    delivered = co_await call.sink.SendJson(std::move(head), {&body, 1});
  }
  if (!delivered) call.record.status = 499;
}

net::Task<void> ReplyBody(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                          std::string_view body) {
  const Shape shape = call.route.target.provider->shape(call.operation.operation);
  if (shape.kind == Shape::Kind::kTranslated) {
    return ReplyTranslated(call, std::move(exchange), body, shape);
  }
  return ReplyRelayed(call, std::move(exchange), body);
}

net::Task<void> ReadAndReply(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  std::string held;
  Body body = co_await ReadBody(*exchange, call.config.max_answer_bytes, call.wait, &held);
  if (body.error) {
    co_await ReplyError(call, *std::move(body.error), exchange.get(), {});
  } else {
    co_await ReplyBody(call, std::move(exchange), body.text);
  }
}

net::Task<void> ReplyUnary(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  // Nearly every answer came whole with its head.
  if (const auto whole = exchange->TakeWhole()) return ReplyBody(call, std::move(exchange), *whole);
  return ReadAndReply(call, std::move(exchange));
}

std::unique_ptr<StreamPipeline> NewPipeline(CallState& call) {
  const Shape shape = call.route.target.provider->shape(call.operation.operation);
  if (shape.kind == Shape::Kind::kTranslated) {
    const codec::MessagePlan* events =
        call.config.operations->codec().Find(shape.translator->event_type()->GetDescriptor());
    return NewTranslatedStream(call.operation, *shape.translator, *events, call.facts, call.sink.typed());
  }
  return NewHubStream(call.operation, call.route.target, call.sink.typed());
}

// Reads what follows a finished stream, which is normally nothing but the end of its framing, so that the
// connection can be used again. Anything else closes it.
net::Task<void> Drain(std::unique_ptr<upstream::Exchange> exchange, net::TimePoint deadline) {
  const upstream::Exchange::Piece piece = co_await exchange->Read({deadline, nullptr});
  (void)piece;
}

// REQUIRES: the batch is not empty.
net::Task<bool> WriteBatch(CallState& call, const StreamBatch& batch) {
  for (const std::string_view piece : batch.pieces) call.record.reply_bytes += piece.size();
  if (!batch.pieces.empty()) return call.sink.WriteBytes(batch.pieces);
  return call.sink.WriteMessages(batch.messages);
}

void NoteError(CallState& call, Error error) {
  error.attempts = call.record.attempts;
  call.record.error = std::move(error);
}

// One read of the upstream, and what comes of it written to the caller.
enum class Copied : uint8_t { kMore, kFinished, kCallerGone };

net::Task<Copied> Deliver(CallState& call, const StreamBatch& batch) {
  if (!batch.empty()) {
    const bool written = co_await WriteBatch(call, batch);
    if (!written) co_return Copied::kCallerGone;
  }
  if (!batch.done && !batch.error) co_return Copied::kMore;
  if (batch.error) NoteError(call, *batch.error);
  if (call.in.scope->reason() == net::CancelReason::kClientGone) co_return Copied::kCallerGone;
  const bool finished = co_await call.sink.EndStream(batch.error ? &*call.record.error : nullptr);
  co_return finished ? Copied::kFinished : Copied::kCallerGone;
}

// Copies events until the stream is done, broken, or nobody listens. True if the upstream's body has been
// read to its end.
net::Task<bool> CopyStream(CallState& call, upstream::Exchange& exchange, StreamPipeline& pipeline) {
  bool ended = false;
  Copied copied = Copied::kMore;
  StreamBatch batch;
  while (copied == Copied::kMore) {
    const upstream::Exchange::Piece piece = co_await exchange.Read(call.wait);
    ended = piece.end;
    batch.Clear();
    if (!piece.failure.ok() && pipeline.facts.passed_error) {
      // The caller has the provider's own error as the last event.
      batch.done = true;
    } else if (!piece.failure.ok()) {
      batch.error = ToError(piece.failure, call.wait.scope);
    } else if (!piece.data.empty()) {
      pipeline.Feed(piece.data, &batch);
    }
    copied = co_await Deliver(call, batch);
    if (pipeline.facts.content_seen && call.record.first_content == net::TimePoint()) {
      call.record.first_content = call.shard.loop->now();
    }
    if (copied == Copied::kMore && ended) {
      batch.Clear();
      pipeline.End(&batch);
      copied = co_await Deliver(call, batch);
    }
  }
  if (copied == Copied::kCallerGone) call.record.status = 499;
  co_return ended;
}

net::Task<void> ReplyStream(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  ReplyHead head = MakeHead(call, 200, exchange.get());
  head.content_type = "text/event-stream";
  call.record.status = 200;
  if (!co_await call.sink.StartStream(std::move(head))) {
    call.record.status = 499;
    co_return;
  }
  call.shard.observer->OnStreamOpened();
  const std::unique_ptr<StreamPipeline> pipeline = NewPipeline(call);
  const bool ended = co_await CopyStream(call, *exchange, *pipeline);
  call.record.usage = pipeline->facts.usage;
  call.record.finish_reason = pipeline->facts.finish_reason;
  if (pipeline->facts.passed_error && !call.record.error) NoteError(call, *pipeline->facts.passed_error);
  if (!ended && !call.record.error && call.record.status == 200) {
    call.shard.loop->Spawn(Drain(std::move(exchange), call.shard.loop->now() + kLinger));
  }
  call.shard.observer->OnStreamClosed();
}

// Something else where a stream was asked for: an error under status 200, perhaps.
net::Task<void> ReplyNoStream(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  std::string held;
  const Body body = co_await ReadBody(*exchange, call.config.max_error_bytes, call.wait, &held);
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
  } else if (scan.is_object && scan.has_error) {
    error = ErrorInAnswer(call, *exchange, body.text);
  }
  co_await ReplyError(call, std::move(error), exchange.get(), UntouchedError(call, body.text));
}

net::Task<void> ReplyUnaskedStream(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  co_await ReplyError(call, InvalidAnswer("the provider answered with a stream that was not asked for"),
                      exchange.get(), {});
}

}  // namespace

net::Task<void> ReplyFromUpstream(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  if (exchange->status() < 200 || exchange->status() >= 300) {
    return ReplyProviderError(call, std::move(exchange));
  }
  const bool stream = IsEventStream(*exchange);
  if (call.facts.stream) {
    return stream ? ReplyStream(call, std::move(exchange)) : ReplyNoStream(call, std::move(exchange));
  }
  return stream ? ReplyUnaskedStream(call, std::move(exchange)) : ReplyUnary(call, std::move(exchange));
}

}  // namespace portolan::core
