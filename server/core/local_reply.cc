#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <utility>

#include "server/core/call_state.h"
#include "server/core/chunk_writer.h"
#include "server/core/own_models.h"
#include "server/core/upstream_error.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;
using Step = providers::LocalProvider::Step;

constexpr std::string_view kDoing = "waiting for the built-in provider";

// Waits for a step's time; in a stream with a comment whenever nothing has left for long. An error if the
// call ends first.
net::Task<std::optional<Error>> Delay(CallState& call, std::chrono::milliseconds delay, bool in_stream) {
  if (delay.count() == 0) co_return std::nullopt;
  const net::TimePoint when = call.shard.loop->now() + delay;
  const net::TimePoint until = std::min(when, call.attempt_wait.deadline);
  while (true) {
    const net::TimePoint beat = in_stream ? BeatAfter(call, call.shard.loop->now()) : net::kNever;
    const net::WaitResult result = co_await call.shard.loop->SleepUntil(std::min(until, beat), call.in.scope);
    if (result == net::WaitResult::kCancelled) co_return CancelledError(call, kDoing);
    if (beat >= until) break;
    const bool written = co_await call.sink.WriteBytes({&kHeartbeat, 1});
    if (!written) co_return CancelledError(call, kDoing);
    call.outcome.reply_bytes += kHeartbeat.size();
  }
  if (when > call.attempt_wait.deadline) co_return OutOfTime(call, call.attempt_wait.deadline, kDoing);
  co_return std::nullopt;
}

// What was added to the writer.
net::Task<bool> Write(CallState& call, ChunkWriter& writer) {
  StreamBatch batch;
  writer.AddTo(&batch);
  if (batch.empty()) co_return true;
  if (call.sink.typed()) co_return co_await call.sink.WriteMessages(batch.messages);
  for (const std::string_view piece : batch.pieces) call.outcome.reply_bytes += piece.size();
  co_return co_await call.sink.WriteBytes(batch.pieces);
}

// The end marker and the end.
net::Task<bool> FinishStream(CallState& call, ChunkWriter& writer) {
  writer.Clear();
  writer.AddEnd();
  const bool written = co_await Write(call, writer);
  if (!written) co_return false;
  co_return co_await call.sink.EndStream(nullptr);
}

net::Task<bool> BreakStream(CallState& call, Error error) {
  error.attempts = call.outcome.attempts;
  error.tried = call.tried;
  call.outcome.error = error;
  if (call.in.scope->reason() == net::CancelReason::kClientGone) co_return false;
  co_return co_await call.sink.EndStream(&error);
}

net::Task<bool> CopySteps(CallState& call, providers::LocalProvider::Answer& answer) {
  ChoiceTracker choices;
  google::protobuf::Arena arena;
  ChunkWriter writer(call.operation, call.facts, call.sink.typed());
  while (true) {
    arena.Reset();
    Message* chunk = call.operation.hub->chunk_type->New(&arena);
    const Step step = answer.Next(chunk);
    std::optional<Error> error = co_await Delay(call, step.delay, /*in_stream=*/true);
    if (error) co_return co_await BreakStream(call, *std::move(error));
    switch (step.kind) {
      case Step::Kind::kMessage: {
        ScanResult scan;
        ScanMessage(*chunk, &call.outcome.usage, &choices, &scan);
        if (!scan.finish_reason.empty()) call.outcome.finish_reason = scan.finish_reason;
        writer.Clear();
        writer.Add(*chunk);
        const bool written = co_await Write(call, writer);
        if (!written) co_return false;
        if (scan.has_content && call.outcome.first_content == net::TimePoint()) {
          call.outcome.first_content = call.shard.loop->now();
        }
        break;
      }
      case Step::Kind::kEnd:
        co_return co_await FinishStream(call, writer);
      case Step::Kind::kError:
        co_return co_await BreakStream(call, step.error);
      case Step::Kind::kCut:
        co_return co_await BreakStream(call, TruncatedStream());
    }
  }
}

}  // namespace

net::Task<Attempted> ReplyFromLocal(CallState& call, const Message& request) {
  const std::unique_ptr<providers::LocalProvider::Answer> answer =
      call.route.target.provider->local->Start(call.facts, request);
  ++call.outcome.attempts;
  if (call.facts.stream) {
    // An error that comes first is an error answer, not a stream that fails.
    std::unique_ptr<Message> probe(call.operation.hub->chunk_type->New());
    const Step first = call.route.target.provider->local->Start(call.facts, request)->Next(probe.get());
    if (first.kind != Step::Kind::kError) {
      ReplyHead head = MakeHead(call, 200, nullptr);
      head.content_type = "text/event-stream";
      call.outcome.status = 200;
      call.shard.observer->OnStreamOpened();
      bool delivered = co_await call.sink.StartStream(std::move(head));
      if (delivered) delivered = co_await CopySteps(call, *answer);
      if (!delivered) call.outcome.status = 499;
      call.shard.observer->OnStreamClosed();
      co_return Attempted::kAnswered;
    }
  }

  Message* message = call.operation.hub->response_type->New(&call.arena.get());
  const Step step = answer->Next(message);
  std::optional<Error> error = co_await Delay(call, step.delay, /*in_stream=*/false);
  if (!error && step.kind == Step::Kind::kError) error = step.error;
  if (error) co_return Fail(call, *std::move(error));
  if (call.asks_gateway) CompleteModelList(call, message);
  co_await ReplyMessage(call, *message, nullptr);
  co_return Attempted::kAnswered;
}

}  // namespace portolan::core
