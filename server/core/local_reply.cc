#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <utility>

#include "server/core/call_state.h"
#include "server/core/chunk_writer.h"
#include "server/core/hook_answer.h"
#include "server/core/own_models.h"
#include "server/core/stream_guard.h"
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

// An answer as a stream.
class LocalStream {
 public:
  LocalStream(CallState& call, providers::LocalProvider::Answer& answer)
      : call_(call), answer_(answer), writer_(call.operation, call.facts, call.sink.typed()) {
    if (GuardsStream(call)) guard_ = std::make_unique<StreamGuard>(call);
  }

  net::Task<Attempted> Run() {
    if (auto error = RejectedStatus(call_)) co_return FailGuarded(call_, *std::move(error), nullptr);
    bool delivered = true;
    if (guard_ == nullptr) delivered = co_await Start();
    while (delivered && !over_) {
      const Step step = NextStep();
      std::optional<Error> late = co_await Delay(call_, step.delay, /*in_stream=*/started_);
      batch_.Clear();
      if (late) {
        batch_.error = std::move(late);
      } else {
        Take(step);
      }
      // Nothing has left: it is the answer's failure, and not the stream's.
      if (!started_ && batch_.error) co_return Fail(call_, *std::move(batch_.error));
      delivered = co_await Deliver();
      if (!delivered || guard_ == nullptr || !guard_->needs_answers()) continue;
      batch_.Clear();
      co_await guard_->Settle(&batch_);
      if (!started_ && batch_.error) co_return Fail(call_, *std::move(batch_.error));
      delivered = co_await Deliver();
    }
    if (!delivered) call_.outcome.status = 499;
    call_.shard.observer->OnStreamClosed();
    co_return Attempted::kAnswered;
  }

 private:
  net::Task<bool> Deliver() {
    bool delivered = true;
    if (!started_ && (!batch_.empty() || batch_.done)) delivered = co_await Start();
    if (delivered && started_) delivered = co_await Write();
    co_return delivered;
  }

  net::Task<bool> Start() {
    started_ = true;
    call_.outcome.status = GuardedStatus(call_);
    ReplyHead head = MakeHead(call_, call_.outcome.status, nullptr);
    head.content_type = "text/event-stream";
    call_.shard.observer->OnStreamOpened();
    return call_.sink.StartStream(std::move(head));
  }

  Step NextStep() {
    arena_.Reset();
    chunk_ = call_.operation.hub->chunk_type->New(&arena_);
    return answer_.Next(chunk_);
  }

  // What a step comes to.
  void Take(const Step& step) {
    writer_.Clear();
    switch (step.kind) {
      case Step::Kind::kMessage:
        TakeChunk();
        break;
      case Step::Kind::kEnd:
        writer_.AddEnd();
        batch_.done = true;
        break;
      case Step::Kind::kError:
        batch_.error = step.error;
        break;
      case Step::Kind::kCut:
        batch_.error = TruncatedStream();
        break;
    }
    writer_.AddTo(&batch_);
    if (guard_ != nullptr) guard_->Take(&batch_);
  }

  void TakeChunk() {
    ScanResult scan;
    ScanMessage(*chunk_, &call_.outcome.usage, &choices_, &scan);
    if (!scan.finish_reason.empty()) call_.outcome.finish_reason = scan.finish_reason;
    content_ |= scan.has_content;
    writer_.Add(*chunk_);
  }

  net::Task<bool> Write() {
    bool written = true;
    for (const std::string_view piece : batch_.pieces) call_.outcome.reply_bytes += piece.size();
    if (!batch_.pieces.empty()) written = co_await call_.sink.WriteBytes(batch_.pieces);
    if (!batch_.messages.empty()) written = co_await call_.sink.WriteMessages(batch_.messages);
    if (!written) co_return false;
    const bool seen = content_ && (guard_ == nullptr || guard_->has_let_go());
    if (seen && call_.outcome.first_content == net::TimePoint()) {
      call_.outcome.first_content = call_.shard.loop->now();
    }
    over_ = batch_.done || batch_.error;
    if (batch_.error) co_return co_await Break(*std::move(batch_.error));
    if (!batch_.done) co_return true;
    co_return co_await call_.sink.EndStream(nullptr);
  }

  net::Task<bool> Break(Error error) {
    error.attempts = call_.outcome.attempts;
    error.tried = call_.tried;
    call_.outcome.error = error;
    if (call_.in.scope->reason() == net::CancelReason::kClientGone) co_return false;
    co_return co_await call_.sink.EndStream(&error);
  }

  CallState& call_;
  providers::LocalProvider::Answer& answer_;
  ChunkWriter writer_;
  std::unique_ptr<StreamGuard> guard_;  // null: the call has no guardrails
  ChoiceTracker choices_;
  google::protobuf::Arena arena_;
  Message* chunk_ = nullptr;
  StreamBatch batch_;
  bool started_ = false;
  bool content_ = false;  // the provider has said something
  bool over_ = false;
};

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
      LocalStream stream(call, *answer);
      co_return co_await stream.Run();
    }
  }

  Message* message = call.operation.hub->response_type->New(&call.arena.get());
  const Step step = answer->Next(message);
  std::optional<Error> error = co_await Delay(call, step.delay, /*in_stream=*/false);
  if (!error && step.kind == Step::Kind::kError) error = step.error;
  if (error) co_return Fail(call, *std::move(error));
  if (call.asks_gateway) CompleteModelList(call, message);
  if (call.hooks != nullptr) co_return co_await ReplyGuarded(call, nullptr, *message);
  co_await ReplyMessage(call, *message, nullptr);
  co_return Attempted::kAnswered;
}

}  // namespace portolan::core
