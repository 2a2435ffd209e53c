#include <google/protobuf/message.h>

#include "server/codec/json_reader.h"
#include "server/core/chunk_writer.h"
#include "server/core/stream_pipeline.h"
#include "server/http/sse.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;
using State = providers::StreamTranslator::State;

class TranslatedStream final : public StreamPipeline, private providers::MessageSink {
 public:
  TranslatedStream(const OperationSpec& operation, const providers::Translator& translator,
                   const codec::MessagePlan& events, const providers::CallFacts& call, bool typed)
      : operation_(operation),
        events_(events),
        event_type_(*translator.event_type()),
        translator_(translator.NewStream(call)),
        writer_(operation, typed) {}

  void Feed(std::string_view bytes, StreamBatch* batch) override {
    Begin();
    reader_.Push(bytes);
    http::SseEvent event;
    State state = State::kMore;
    while (state != State::kDone && !batch->error) {
      const auto result = reader_.Next(&event);
      if (result == http::SseReader::Result::kNeedMore) break;
      if (result == http::SseReader::Result::kTooLarge) {
        batch->error = InvalidEvent("an event is larger than the gateway's limit");
        break;
      }
      state = State::kMore;
      if (http::IsIdleEvent(event)) {
        state = State::kIdle;
      } else if (event.has_data && !event.data.empty()) {
        batch->error = TakeEvent(event.data, &state);
      }
      if (state == State::kIdle) writer_.AddComment(kPingComment);
    }
    batch->done = state == State::kDone && !batch->error;
    Deliver(batch);
  }

  void End(StreamBatch* batch) override {
    Begin();
    State state = State::kMore;
    // What was cut within an event is no event; one that only lacks its blank line is taken.
    if (http::SseEvent event; reader_.TakeLast(&event)) {
      batch->error = codec::IsJson(event.data) ? TakeEvent(event.data, &state) : TruncatedStream();
    }
    if (!batch->error && state != State::kDone) batch->error = translator_->OnEnd(*this);
    batch->done = !batch->error;
    Deliver(batch);
  }

  TokenUsage usage() const override { return translator_->Tokens(); }

 private:
  Message* Add() override {
    chunks_.push_back(operation_.chunk_type->New(&arena_));
    return chunks_.back();
  }

  void Begin() {
    chunks_.clear();
    writer_.Clear();
    arena_.Reset();
  }

  std::optional<Error> TakeEvent(std::string_view data, State* state) {
    Message* event = event_type_.New(&arena_);
    codec::DecodeError problem;
    if (!codec::Decode(events_, data, {.strictness = codec::Strictness::kResponse}, event, &problem)) {
      return InvalidEvent(problem.problem);
    }
    return translator_->OnEvent(*event, *this, state);
  }

  void Deliver(StreamBatch* batch) {
    for (const Message* chunk : chunks_) {
      ScanResult scan;
      TokenUsage ignored;
      ScanMessage(*chunk, &ignored, &choices_, &scan);
      facts.content_seen |= scan.has_content;
      if (!scan.finish_reason.empty()) facts.finish_reason = scan.finish_reason;
      writer_.Add(*chunk);
    }
    if (batch->done) writer_.AddEnd();
    writer_.AddTo(batch);
  }

  const OperationSpec& operation_;
  const codec::MessagePlan& events_;
  const Message& event_type_;
  const std::unique_ptr<providers::StreamTranslator> translator_;
  http::SseReader reader_;
  ChoiceTracker choices_;
  std::vector<Message*> chunks_;
  ChunkWriter writer_;
  google::protobuf::Arena arena_;
};

}  // namespace

std::unique_ptr<StreamPipeline> NewTranslatedStream(const OperationSpec& operation,
                                                    const providers::Translator& translator,
                                                    const codec::MessagePlan& events,
                                                    const providers::CallFacts& call, bool typed) {
  return std::make_unique<TranslatedStream>(operation, translator, events, call, typed);
}

}  // namespace portolan::core
