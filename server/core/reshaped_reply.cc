#include <google/protobuf/message.h>

#include <string>
#include <utility>
#include <vector>

#include "providers/error_text.h"
#include "server/core/chunk_writer.h"
#include "server/core/hook_answer.h"
#include "server/core/reshape.h"
#include "server/core/stream_guard.h"
#include "server/core/upstream_answer.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;

class Chunks final : public providers::MessageSink {
 public:
  explicit Chunks(CallState& call) : call_(call) {}
  Message* Add() override {
    all_.push_back(call_.operation.hub->chunk_type->New(&call_.arena.get()));
    return all_.back();
  }
  const std::vector<Message*>& all() const { return all_; }

 private:
  CallState& call_;
  std::vector<Message*> all_;
};

// The chunks that a whole answer comes to. An error, with what of it may pass untouched, if it is none.
std::optional<Error> Split(CallState& call, const upstream::Exchange& exchange, std::string_view body,
                           Chunks* chunks, std::string_view* untouched) {
  const bool relayed = call.route.way.kind == providers::Way::Kind::kRelay;
  const ScanResult scan = Scanner(call.config.operations->PlanOf(*call.route.way.form).scan).ScanWhole(body);
  if (relayed && scan.is_object && scan.has_error) {
    *untouched = UntouchedError(call, body);
    return ErrorInAnswer(call, exchange, body);
  }
  const Message* answer = nullptr;
  if (scan.is_object) {
    if (auto error = TypeAnswer(call, exchange, body, &answer)) return error;
    SplitAnswer(*answer, call.facts.include_usage || !call.operation.speaks_hub(), *chunks);
  }
  if (!chunks->all().empty()) {
    ChoiceTracker ignored;
    ScanResult told;
    ScanMessage(*answer, &call.outcome.usage, &ignored, &told);
    call.outcome.finish_reason = told.finish_reason;
    return std::nullopt;
  }
  std::string message = "the provider was asked for a stream and answered with something else";
  providers::ErrorMembers told;
  if (providers::ReadErrorText(body, &told)) message += ": " + told.message;
  return InvalidAnswer(std::move(message));
}

// The answer that a whole stream comes to.
std::optional<Error> Join(CallState& call, std::string_view body, Message* answer) {
  call.facts.include_usage = true;  // as whole answers have it
  const std::unique_ptr<StreamPipeline> pipeline = NewPipeline(call, /*typed=*/true);
  AnswerJoiner joiner(answer);
  const auto take = [&](const StreamBatch& batch) {
    for (const std::string_view wire : batch.messages) {
      Message* chunk = call.operation.hub->chunk_type->New(&call.arena.get());
      codec::DecodeError problem;
      if (codec::ParseWire(wire, chunk, &problem)) joiner.Add(*chunk);
    }
  };
  StreamBatch batch;
  pipeline->Feed(body, &batch);
  take(batch);
  if (!batch.done && !batch.error) {
    batch.Clear();
    pipeline->End(&batch);
    take(batch);
  }
  call.outcome.usage = pipeline->usage();
  joiner.Finish();
  return std::move(batch.error);
}

}  // namespace

net::Task<Attempted> ReplySplit(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                                std::string_view body) {
  Chunks chunks(call);
  std::string_view untouched;
  if (auto error = Split(call, *exchange, body, &chunks, &untouched)) {
    co_return Fail(call, *std::move(error), std::move(exchange), untouched);
  }
  call.outcome.reshaped = "stream";
  ChunkWriter writer(call.operation, call.facts, call.sink.typed());
  for (const Message* chunk : chunks.all()) writer.Add(*chunk);
  writer.AddEnd();
  StreamBatch batch;
  writer.AddTo(&batch);
  std::optional<StreamGuard> guard;
  std::vector<std::string> before;  // what might have left before the verdicts
  if (GuardsStream(call)) {
    batch.done = true;
    guard.emplace(call).Take(&batch);
    if (guard->needs_answers()) {
      auto& views = call.sink.typed() ? batch.messages : batch.pieces;
      before.assign(views.begin(), views.end());
      batch.Clear();
      co_await guard->Settle(&batch);
      views.insert(views.begin(), before.begin(), before.end());
    }
    std::optional<Error> error = batch.error ? std::move(batch.error) : RejectedStatus(call);
    if (error) co_return FailGuarded(call, *std::move(error), std::move(exchange));
  }
  for (const std::string_view piece : batch.pieces) call.outcome.reply_bytes += piece.size();

  const int status = GuardedStatus(call);
  ReplyHead head = MakeHead(call, status, exchange.get());
  head.content_type = "text/event-stream";
  call.outcome.status = status;
  call.outcome.first_content = call.shard.loop->now();
  call.shard.observer->OnStreamOpened();
  bool delivered = co_await call.sink.StartStream(std::move(head));
  if (delivered && !batch.pieces.empty()) delivered = co_await call.sink.WriteBytes(batch.pieces);
  if (delivered && !batch.messages.empty()) delivered = co_await call.sink.WriteMessages(batch.messages);
  if (delivered) delivered = co_await call.sink.EndStream(nullptr);
  if (!delivered) call.outcome.status = 499;
  call.shard.observer->OnStreamClosed();
  co_return Attempted::kAnswered;
}

net::Task<Attempted> ReplyJoined(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                                 std::string_view body) {
  if (call.operation.chunk_type == nullptr || call.operation.hub == nullptr) {
    co_return Fail(call, InvalidAnswer("the provider answered with a stream, which this operation has not"),
                   std::move(exchange));
  }
  Message* const answer = call.operation.hub->response_type->New(&call.arena.get());
  if (auto error = Join(call, body, answer)) {
    // Nothing of the stream has been given to the caller, so its error is that of a whole answer.
    co_return Fail(call, *std::move(error), std::move(exchange));
  }
  call.outcome.reshaped = "whole";
  if (call.hooks != nullptr) co_return co_await ReplyGuarded(call, std::move(exchange), *answer);
  co_await ReplyMessage(call, *answer, exchange.get());
  co_return Attempted::kAnswered;
}

}  // namespace portolan::core
