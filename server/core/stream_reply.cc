// Streams: from the upstream to the caller as it comes, or held back until there is content.

#include <google/protobuf/message.h>

#include <algorithm>
#include <utility>

#include "server/base/text.h"
#include "server/core/answer_form.h"
#include "server/core/attempt.h"
#include "server/core/hook_answer.h"
#include "server/core/stream_guard.h"
#include "server/core/upstream_answer.h"
#include "server/core/upstream_error.h"

namespace portolan::core {
namespace {

// How long a finished stream's connection may take to end before it is closed instead of being kept.
constexpr std::chrono::milliseconds kLinger{500};
// More than so much is not held back: then the caller has what there is, and there is no other attempt.
constexpr size_t kMaxHeldBytes = 64 << 10;
// Shows the caller, and proxies before it, that the connection lives.
constexpr std::string_view kNotBegun = ": the provider has not begun to answer\n\n";
constexpr std::string_view kHeldBack = ": held\n\n";

// What has come of a body while it was looked at whether it is a stream.
struct Opening {
  BodyForm form = BodyForm::kUnknown;
  std::string held;
  std::string_view bytes;  // of `held`, or of the exchange
  bool ended = false;
  bool late = false;  // it took so long that the caller is to be shown something

  // Gives what has come, the first time.
  bool Take(upstream::Exchange::Piece* piece) {
    if (taken_ || (bytes.empty() && !ended)) return false;
    taken_ = true;
    piece->data = bytes;
    piece->end = ended;
    return true;
  }

 private:
  bool taken_ = false;
};

// Media types are compared without case (RFC 9110, section 8.3.1).
bool IsLabelledStream(const CallState& call, const upstream::Exchange& exchange) {
  const std::string_view wanted = providers::MediaType(call.route.way.form->framing);
  const std::string_view type = FindHeader(exchange.headers(), "content-type").value_or("");
  return StartsWithIgnoreCase(type, wanted);
}

// Reads until it is clear how the body begins, but at most until `latest` if its label says that it is a
// stream.
net::Task<std::optional<Error>> Open(CallState& call, upstream::Exchange& exchange, net::TimePoint latest,
                                     Opening* opening) {
  net::Wait wait = call.attempt_wait;
  if (IsLabelledStream(call, exchange)) wait.deadline = std::min(wait.deadline, latest);
  while (opening->form == BodyForm::kUnknown && !opening->ended) {
    const upstream::Exchange::Piece piece = co_await exchange.Read(wait);
    opening->late =
        piece.failure.kind == upstream::FailureKind::kDeadline && wait.deadline < call.attempt_wait.deadline;
    if (opening->late) break;
    if (!piece.failure.ok()) co_return ToError(call, piece.failure, call.attempt_wait);
    opening->ended = piece.end;
    opening->form = FormOf(piece.data);
    opening->bytes = piece.data;
    if (opening->form != BodyForm::kUnknown && opening->held.empty()) break;
    opening->held += piece.data;
    opening->form = FormOf(opening->held);
    opening->bytes = opening->held;
  }
  // What is no JSON is a stream if its label says so, for better or worse. One value a line is JSON anyway.
  const bool stream = opening->form == BodyForm::kJson
                          ? call.route.way.form->framing == providers::Framing::kNdjson
                          : IsLabelledStream(call, exchange);
  if (stream) opening->form = BodyForm::kEvents;
  co_return std::nullopt;
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
  if (error.hook_results == nullptr) {
    TellUpstream(call.route.target, *call.route.way.form, call.facts, &error);
  }
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
  bool late = false;                  // nothing of note has come for long
  bool guarded = false;               // and guardrails may be why
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
  void Release(bool typed, StreamBatch* batch) const {
    if (late && !typed) batch->pieces.push_back(guarded ? kHeldBack : kNotBegun);
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

// Reads until there is content, or, for the only or last attempt, anything at all to give; but no longer than
// to the end, too much, or a caller who has waited until `latest`. An error if the stream fails before: the
// caller knows nothing of it.
net::Task<std::optional<Error>> HoldBack(CallState& call, upstream::Exchange& exchange, net::TimePoint latest,
                                         StreamPipeline& pipeline, Opening& opening, HeldStream* held) {
  const size_t enough = call.engine->MayGoOn() ? kMaxHeldBytes : 0;
  StreamBatch batch;
  while (!pipeline.facts.content_seen && !held->done && held->size() <= enough) {
    const net::Wait limit = pipeline.facts.begun ? call.wait : call.attempt_wait;
    const net::Wait wait{std::min(limit.deadline, latest), limit.scope};
    upstream::Exchange::Piece piece;
    if (!opening.Take(&piece)) piece = co_await exchange.Read(wait);
    held->late = piece.failure.kind == upstream::FailureKind::kDeadline && wait.deadline < limit.deadline;
    if (held->late) co_return std::nullopt;
    if (!piece.failure.ok()) co_return ToError(call, piece.failure, limit);
    batch.Clear();
    if (!piece.data.empty()) pipeline.Feed(piece.data, &batch);
    held->Add(batch);
    held->ended = piece.end;
    if (piece.end && !held->done && !held->error && !pipeline.facts.needs_answers) {
      batch.Clear();
      pipeline.End(&batch);
      held->Add(batch);
    }
    // If there is content, that leaves first.
    if (pipeline.facts.needs_answers && !pipeline.facts.content_seen) {
      batch.Clear();
      co_await pipeline.Settle(&batch);
      held->Add(batch);
    }
    if (auto error = EarlyFailure(pipeline, *held)) co_return error;
    if (held->error) break;
  }
  NoteContent(call, pipeline);
  co_return std::nullopt;
}

// Middleware are told of it with the end.
void TellUsage(CallState& call, const StreamPipeline& pipeline, const StreamBatch& batch) {
  if (call.chain != nullptr && (batch.done || batch.error)) call.outcome.usage = pipeline.usage();
}

// What leaves when those have answered who are asked about the stream's end.
net::Task<Copied> DeliverEnd(CallState& call, StreamPipeline& pipeline, StreamBatch& batch) {
  batch.Clear();
  co_await pipeline.Settle(&batch);
  TellUsage(call, pipeline, batch);
  co_return co_await Deliver(call, batch);
}

// Copies events, those held back first, until the stream is done, broken, or nobody listens. True if the
// upstream's body has been read to its end.
net::Task<bool> CopyStream(CallState& call, upstream::Exchange& exchange, StreamPipeline& pipeline,
                           Opening& opening, const HeldStream& held) {
  bool ended = held.ended;
  StreamBatch batch;
  held.Release(call.sink.typed(), &batch);
  TellUsage(call, pipeline, batch);
  Copied copied = co_await Deliver(call, batch);
  net::TimePoint last_left = call.shard.loop->now();
  if (copied == Copied::kMore && pipeline.facts.needs_answers) {
    copied = co_await DeliverEnd(call, pipeline, batch);
  }
  while (copied == Copied::kMore) {
    // Until there is content, the attempt's own time limit holds.
    const bool begun = pipeline.facts.content_seen || pipeline.facts.begun;
    const net::Wait limit = begun ? call.wait : call.attempt_wait;
    if (pipeline.facts.content_seen) exchange.AllowPolling();
    const net::Wait wait{std::min(limit.deadline, BeatAfter(call, last_left)), limit.scope};
    upstream::Exchange::Piece piece;
    if (!opening.Take(&piece)) piece = co_await exchange.Read(wait);
    ended = piece.end;
    batch.Clear();
    if (piece.failure.kind == upstream::FailureKind::kDeadline && wait.deadline < limit.deadline) {
      batch.pieces.push_back(kHeartbeat);
    } else if (!piece.failure.ok() && pipeline.facts.passed_error) {
      // The caller has the provider's own error as the last event.
      batch.done = true;
    } else if (!piece.failure.ok()) {
      batch.error = ToError(call, piece.failure, limit);
    } else if (!piece.data.empty()) {
      pipeline.Feed(piece.data, &batch);
    }
    const bool leaves = !batch.empty();
    TellUsage(call, pipeline, batch);
    copied = co_await Deliver(call, batch);
    if (leaves) last_left = call.shard.loop->now();
    NoteContent(call, pipeline);
    if (copied == Copied::kMore && ended && !pipeline.facts.needs_answers) {
      batch.Clear();
      pipeline.End(&batch);
      TellUsage(call, pipeline, batch);
      copied = co_await Deliver(call, batch);
    }
    if (copied == Copied::kMore && pipeline.facts.needs_answers) {
      copied = co_await DeliverEnd(call, pipeline, batch);
      NoteContent(call, pipeline);
    }
  }
  if (copied == Copied::kCallerGone) call.outcome.status = 499;
  co_return ended;
}

// Gives the caller the stream, of which `held` is the beginning.
net::Task<void> CopyToCaller(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                             StreamPipeline& pipeline, Opening& opening, const HeldStream& held) {
  const int status = GuardedStatus(call);
  ReplyHead head = MakeHead(call, status, exchange.get());
  head.content_type = "text/event-stream";
  call.outcome.status = status;
  const bool started = co_await call.sink.StartStream(std::move(head));
  if (!started) {
    call.outcome.status = 499;
    co_return;
  }
  call.shard.observer->OnStreamOpened();
  const bool ended = co_await CopyStream(call, *exchange, pipeline, opening, held);
  call.outcome.finish_reason = pipeline.facts.finish_reason;
  if (pipeline.facts.passed_error && !call.outcome.error) NoteError(call, *pipeline.facts.passed_error);
  if (!ended && !call.outcome.error && call.outcome.status == status) {
    call.shard.loop->Spawn(Drain(std::move(exchange), call.shard.loop->now() + kLinger));
  }
  call.shard.observer->OnStreamClosed();
}

// No stream, though one was asked for.
net::Task<Attempted> ReplyWhole(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                                Opening& opening) {
  if (opening.ended) co_return co_await ReplySplit(call, std::move(exchange), WithoutMark(opening.bytes));
  std::string text(opening.bytes);
  const upstream::Failure failure =
      co_await exchange->ReadAll(call.config.max_answer_bytes, &text, call.attempt_wait);
  if (!failure.ok()) {
    co_return Fail(call, ToError(call, failure, call.attempt_wait), std::move(exchange));
  }
  co_return co_await ReplySplit(call, std::move(exchange), WithoutMark(text));
}

}  // namespace

net::TimePoint BeatAfter(const CallState& call, net::TimePoint last) {
  // HTTP/2 has keep-alives of its own, and gRPC no comments.
  const bool silent = call.sink.typed() || call.config.heartbeat.count() == 0;
  return silent ? net::kNever : last + call.config.heartbeat;
}

net::Task<Attempted> ReplyStream(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  // Nothing is given to a caller whose call may still fall back, nor before the answer has begun, unless that
  // takes too long.
  const bool may_go_on = call.engine->MayGoOn();
  const net::TimePoint now = call.shard.loop->now();
  const bool guarded = GuardsStream(call);
  const bool holds = may_go_on || guarded;
  const net::TimePoint latest = holds ? now + call.config.longest_hold : BeatAfter(call, now);
  if (auto error = RejectedStatus(call)) co_return FailGuarded(call, *std::move(error), std::move(exchange));
  Opening opening;
  if (auto error = co_await Open(call, *exchange, latest, &opening)) {
    co_return Fail(call, *std::move(error), std::move(exchange));
  }
  if (!opening.late && opening.form != BodyForm::kEvents) {
    co_return co_await ReplyWhole(call, std::move(exchange), opening);
  }
  std::unique_ptr<StreamPipeline> pipeline = NewPipeline(call, call.sink.typed());
  if (guarded) pipeline = NewGuardedStream(call, std::move(pipeline));
  HeldStream held;
  held.late = opening.late;
  held.guarded = guarded;
  if (!opening.late) {
    std::optional<Error> error = co_await HoldBack(call, *exchange, latest, *pipeline, opening, &held);
    if (error) {
      call.outcome.usage = pipeline->usage();
      if (error->hook_results != nullptr) co_return FailGuarded(call, *std::move(error), std::move(exchange));
      co_return Fail(call, *std::move(error), std::move(exchange), pipeline->facts.error_body);
    }
  }
  co_await CopyToCaller(call, std::move(exchange), *pipeline, opening, held);
  call.outcome.usage = pipeline->usage();
  co_return Attempted::kAnswered;
}

}  // namespace portolan::core
