// Streams: from the upstream to the caller as it comes, or held back until there is content.

#include <google/protobuf/message.h>

#include <algorithm>
#include <utility>

#include "server/core/attempt.h"
#include "server/core/call_state.h"
#include "server/core/error_body.h"
#include "server/core/upstream_error.h"

namespace portolan::core {
namespace {

using providers::Shape;

// How long a finished stream's connection may take to end before it is closed instead of being kept.
constexpr std::chrono::milliseconds kLinger{500};
// How long the first event is awaited before the stream is begun where no other attempt may follow.
constexpr std::chrono::seconds kFirstEvent{1};
// More than so much is not held back: then the caller has what there is, and there is no other attempt.
constexpr size_t kMaxHeldBytes = 64 << 10;
// Shows the caller, and proxies before him, that the connection lives.
constexpr std::string_view kComment = ": the provider has not begun to answer\n\n";

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
  for (const std::string_view piece : batch.pieces) call.outcome.reply_bytes += piece.size();
  if (!batch.pieces.empty()) return call.sink.WriteBytes(batch.pieces);
  return call.sink.WriteMessages(batch.messages);
}

void NoteError(CallState& call, Error error) {
  error.attempts = call.outcome.attempts;
  error.tried = call.tried;
  TellUpstream(call.route.target, call.facts, &error);
  call.outcome.error = std::move(error);
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
  const bool finished = co_await call.sink.EndStream(batch.error ? &*call.outcome.error : nullptr);
  co_return finished ? Copied::kFinished : Copied::kCallerGone;
}

// What has come of a stream and was not given to the caller yet.
struct HeldStream {
  std::string bytes;                  // REST
  std::vector<std::string> messages;  // gRPC
  bool comment = false;               // REST: nothing of note has come for long
  bool done = false;
  bool ended = false;  // the upstream's body
  std::optional<Error> error;

  void Add(const StreamBatch& batch) {
    for (const std::string_view piece : batch.pieces) bytes += piece;
    for (const std::string_view wire : batch.messages) messages.emplace_back(wire);
    done = batch.done;
    error = batch.error;
  }
  size_t size() const {
    size_t all = bytes.size();
    for (const std::string& wire : messages) all += wire.size();
    return all;
  }
  // Views of it.
  void Release(StreamBatch* batch) const {
    if (comment) batch->pieces.push_back(kComment);
    if (!bytes.empty()) batch->pieces.push_back(bytes);
    for (const std::string& wire : messages) batch->messages.push_back(wire);
    batch->done = done;
    batch->error = error;
  }
};

void NoteContent(CallState& call, const StreamPipeline& pipeline) {
  if (pipeline.facts.content_seen && call.outcome.first_content == net::TimePoint()) {
    call.outcome.first_content = call.shard.loop->now();
  }
}

// What ended the stream before it had content, if that is what happened.
std::optional<Error> EarlyFailure(const StreamPipeline& pipeline, const HeldStream& held) {
  if (pipeline.facts.content_seen) return std::nullopt;
  return pipeline.facts.passed_error ? pipeline.facts.passed_error : held.error;
}

// Reads until there is content, the end, too much, or a caller who has waited too long. An error if the
// stream fails before: the caller knows nothing of it.
net::Task<std::optional<Error>> HoldBack(CallState& call, upstream::Exchange& exchange,
                                         StreamPipeline& pipeline, HeldStream* held) {
  const net::TimePoint longest = call.shard.loop->now() + call.config.longest_hold;
  net::Wait wait = call.attempt_wait;
  wait.deadline = std::min(wait.deadline, longest);
  StreamBatch batch;
  while (!pipeline.facts.content_seen && !held->done && held->size() <= kMaxHeldBytes) {
    const upstream::Exchange::Piece piece = co_await exchange.Read(wait);
    if (piece.failure.kind == upstream::FailureKind::kDeadline && longest < call.attempt_wait.deadline) {
      // HTTP/2 has keep-alives of its own, and gRPC no comments.
      held->comment = !call.sink.typed();
      co_return std::nullopt;
    }
    if (!piece.failure.ok()) co_return ToError(piece.failure, wait.scope);
    batch.Clear();
    if (!piece.data.empty()) pipeline.Feed(piece.data, &batch);
    held->Add(batch);
    held->ended = piece.end;
    if (piece.end && !held->done && !held->error) {
      batch.Clear();
      pipeline.End(&batch);
      held->Add(batch);
    }
    if (auto error = EarlyFailure(pipeline, *held)) co_return error;
    if (held->error) break;
  }
  NoteContent(call, pipeline);
  co_return std::nullopt;
}

// Where no other attempt may follow: reads what comes first. An error that tells its own status, if that is
// the first thing told: it can be answered with that status, as nothing has left yet.
net::Task<std::optional<Error>> AwaitFirst(CallState& call, upstream::Exchange& exchange,
                                           StreamPipeline& pipeline, HeldStream* held) {
  const net::TimePoint soon = call.shard.loop->now() + kFirstEvent;
  net::Wait wait = call.attempt_wait;
  wait.deadline = std::min(wait.deadline, soon);
  const upstream::Exchange::Piece piece = co_await exchange.Read(wait);
  if (piece.failure.kind == upstream::FailureKind::kDeadline && soon < call.attempt_wait.deadline) {
    co_return std::nullopt;
  }
  if (!piece.failure.ok()) {
    held->error = ToError(piece.failure, wait.scope);
    co_return std::nullopt;
  }
  StreamBatch batch;
  if (!piece.data.empty()) pipeline.Feed(piece.data, &batch);
  held->Add(batch);
  held->ended = piece.end;
  if (piece.end && !held->done && !held->error) {
    batch.Clear();
    pipeline.End(&batch);
    held->Add(batch);
  }
  NoteContent(call, pipeline);
  if (pipeline.facts.status_told && !pipeline.facts.content_seen) co_return pipeline.facts.passed_error;
  co_return std::nullopt;
}

// Copies events, those held back first, until the stream is done, broken, or nobody listens. True if the
// upstream's body has been read to its end.
net::Task<bool> CopyStream(CallState& call, upstream::Exchange& exchange, StreamPipeline& pipeline,
                           const HeldStream& held) {
  bool ended = held.ended;
  StreamBatch batch;
  held.Release(&batch);
  Copied copied = co_await Deliver(call, batch);
  while (copied == Copied::kMore) {
    // Until there is content, the attempt's own time limit holds.
    const net::Wait wait = pipeline.facts.content_seen ? call.wait : call.attempt_wait;
    if (pipeline.facts.content_seen) exchange.AllowPolling();
    const upstream::Exchange::Piece piece = co_await exchange.Read(wait);
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
    NoteContent(call, pipeline);
    if (copied == Copied::kMore && ended) {
      batch.Clear();
      pipeline.End(&batch);
      copied = co_await Deliver(call, batch);
    }
  }
  if (copied == Copied::kCallerGone) call.outcome.status = 499;
  co_return ended;
}

}  // namespace

net::Task<Attempted> ReplyStream(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  const std::unique_ptr<StreamPipeline> pipeline = NewPipeline(call);
  HeldStream held;
  if (call.engine->MayGoOn()) {
    std::optional<Error> error = co_await HoldBack(call, *exchange, *pipeline, &held);
    if (error) co_return Fail(call, *std::move(error), std::move(exchange));
  } else if (!call.sink.typed()) {
    std::optional<Error> error = co_await AwaitFirst(call, *exchange, *pipeline, &held);
    const std::string_view body = pipeline->facts.error_body;
    if (error) {
      co_return Fail(call, *std::move(error), std::move(exchange),
                     IsOpenAiError(body) ? body : std::string_view());
    }
  }
  ReplyHead head = MakeHead(call, 200, exchange.get());
  head.content_type = "text/event-stream";
  call.outcome.status = 200;
  const bool started = co_await call.sink.StartStream(std::move(head));
  if (!started) {
    call.outcome.status = 499;
    co_return Attempted::kAnswered;
  }
  call.shard.observer->OnStreamOpened();
  const bool ended = co_await CopyStream(call, *exchange, *pipeline, held);
  call.outcome.usage = pipeline->facts.usage;
  call.outcome.finish_reason = pipeline->facts.finish_reason;
  if (pipeline->facts.passed_error && !call.outcome.error) NoteError(call, *pipeline->facts.passed_error);
  if (!ended && !call.outcome.error && call.outcome.status == 200) {
    call.shard.loop->Spawn(Drain(std::move(exchange), call.shard.loop->now() + kLinger));
  }
  call.shard.observer->OnStreamClosed();
  co_return Attempted::kAnswered;
}

}  // namespace portolan::core
