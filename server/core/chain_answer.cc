#include "server/core/chain_answer.h"

#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>

#include <memory>
#include <utility>

#include "server/core/chunk_writer.h"
#include "server/core/reshape.h"
#include "server/core/upstream_answer.h"
#include "server/http/sse.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;

class Chunks final : public providers::MessageSink {
 public:
  Chunks(const Message& prototype, google::protobuf::Arena* arena) : prototype_(prototype), arena_(arena) {}
  Message* Add() override {
    all_.push_back(prototype_.New(arena_));
    return all_.back();
  }
  const std::vector<Message*>& all() const { return all_; }

 private:
  const Message& prototype_;
  google::protobuf::Arena* const arena_;
  std::vector<Message*> all_;
};

// An answer of the door's as one of the hub's. nullptr if it is none.
const Message* ToHub(CallState& call, ChainBody& answer, google::protobuf::Arena* arena) {
  const Message* const said = answer.Typed();
  if (said == nullptr || call.operation.speaks_hub()) return said;
  Message* const hub = call.operation.hub->response_type->New(arena);
  if (call.operation.form->mapping->AnswerToHub(*said, call.facts, hub)) return nullptr;
  return hub;
}

net::Task<bool> SendWhole(CallState& call, ChainBody& answer) {
  call.outcome.status = 200;
  ReplyHead head = MakeHead(call, 200, nullptr);
  if (call.sink.typed()) {
    const std::string wire = answer.Typed()->SerializeAsString();
    call.outcome.reply_bytes = wire.size();
    co_return co_await call.sink.SendMessage(std::move(head), wire);
  }
  const std::string_view text = answer.Json();
  call.outcome.reply_bytes = text.size();
  co_return co_await call.sink.SendJson(std::move(head), {&text, 1});
}

// What is relayed has no messages.
net::Task<bool> SendRelayed(CallState& call, ChainBody& answer) {
  call.outcome.status = 200;
  ReplyHead head = MakeHead(call, 200, nullptr);
  const std::string_view text = answer.Json();
  call.outcome.reply_bytes = text.size();
  bool delivered = co_await call.sink.StartRelay(std::move(head), text.size());
  if (delivered && !text.empty()) delivered = co_await call.sink.WriteRelay(text);
  if (delivered) delivered = co_await call.sink.EndRelay(nullptr);
  co_return delivered;
}

net::Task<bool> SendStream(CallState& call, const std::vector<std::string>& units) {
  call.outcome.status = 200;
  ReplyHead head = MakeHead(call, 200, nullptr);
  head.content_type = "text/event-stream";
  call.outcome.first_content = call.shard.loop->now();
  call.shard.observer->OnStreamOpened();
  const std::vector<std::string_view> views(units.begin(), units.end());
  bool delivered = co_await call.sink.StartStream(std::move(head));
  if (delivered && call.sink.typed()) delivered = co_await call.sink.WriteMessages(views);
  if (delivered && !call.sink.typed()) delivered = co_await call.sink.WriteBytes(views);
  if (delivered) delivered = co_await call.sink.EndStream(nullptr);
  call.shard.observer->OnStreamClosed();
  co_return delivered;
}

}  // namespace

bool SplitForDoor(CallState& call, ChainBody& answer, std::vector<std::string>* units) {
  if (call.operation.hub == nullptr || call.operation.chunk_type == nullptr) return false;
  google::protobuf::Arena arena;
  const Message* const hub = ToHub(call, answer, &arena);
  if (hub == nullptr) return false;
  Chunks chunks(*call.operation.hub->chunk_type, &arena);
  SplitAnswer(*hub, call.facts.include_usage || !call.operation.speaks_hub(), chunks);
  if (chunks.all().empty()) return false;
  ChunkWriter writer(call.operation, call.facts, call.sink.typed());
  for (const Message* chunk : chunks.all()) writer.Add(*chunk);
  writer.AddEnd();
  StreamBatch batch;
  writer.AddTo(&batch);
  for (const std::string_view wire : batch.messages) units->emplace_back(wire);
  http::SseReader reader;
  http::StreamEvent event;
  for (const std::string_view piece : batch.pieces) {
    reader.Push(piece);
    while (reader.Next(&event) == http::SseReader::Result::kEvent) units->emplace_back(event.raw);
  }
  return true;
}

bool JoinForDoor(CallState& call, const std::vector<std::string>& units, ChainBody* answer) {
  if (call.operation.hub == nullptr || call.operation.chunk_type == nullptr) return false;
  google::protobuf::Arena arena;
  Message* const hub = call.operation.hub->response_type->New(&arena);
  AnswerJoiner joiner(hub);
  const auto take = [&](std::string_view wire) {
    Message* const chunk = call.operation.hub->chunk_type->New(&arena);
    codec::DecodeError ignored;
    if (codec::ParseWire(wire, chunk, &ignored)) joiner.Add(*chunk);
  };
  if (call.sink.typed()) {
    for (const std::string& unit : units) take(unit);
  } else {
    // What has left for the caller is what a provider of the same dialect would have sent.
    const std::unique_ptr<StreamPipeline> pipeline =
        call.operation.speaks_hub()
            ? NewRelayStream(call.operation, call.route.target, /*typed=*/true)
            : NewMappedStream(call.operation, {*call.operation.form, *call.operation.plan, call.route.target},
                              call.facts, /*typed=*/true);
    StreamBatch batch;
    for (const std::string& unit : units) {
      batch.Clear();
      pipeline->Feed(unit, &batch);
      for (const std::string_view wire : batch.messages) take(wire);
    }
  }
  joiner.Finish();
  if (call.operation.speaks_hub()) return answer->SetWire(hub->SerializeAsString());
  std::string text;
  EncodeAnswer(call, *hub, &text);
  answer->KeepJson(std::move(text));
  return true;
}

net::Task<std::string> ReplySaid(CallState& call, size_t place, middleware::Body said) {
  ChainBody answer(call.operation, BodyOf::kAnswer);
  std::string problem = answer.Take(std::move(said));
  if (!problem.empty()) co_return problem;
  std::vector<std::string> units;
  const bool relays = call.operation.relays;
  if (!relays && call.facts.stream && !SplitForDoor(call, answer, &units))
    co_return "its answer cannot be streamed";
  if (!relays && call.sink.typed() && answer.Typed() == nullptr)
    co_return "its answer is no message of this call";
  call.chain->CutAt(place);
  bool delivered = false;
  if (relays) {
    delivered = co_await SendRelayed(call, answer);
  } else if (call.facts.stream) {
    delivered = co_await SendStream(call, units);
  } else {
    delivered = co_await SendWhole(call, answer);
  }
  if (!delivered) call.outcome.status = 499;
  co_return std::string();
}

}  // namespace portolan::core
