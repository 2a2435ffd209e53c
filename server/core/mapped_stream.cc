#include <google/protobuf/message.h>

#include "providers/classify.h"
#include "server/codec/json_reader.h"
#include "server/core/chunk_writer.h"
#include "server/core/event_stream.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;
using State = providers::EventsToHub::State;

class MappedStream final : public EventStream, private providers::MessageSink {
 public:
  MappedStream(const OperationSpec& operation, const StreamSource& source, const providers::CallFacts& call,
               bool typed)
      : EventStream(source.form.framing),
        hub_(*operation.hub),
        source_(source),
        events_(source.form.mapping == nullptr ? nullptr : source.form.mapping->ReadEvents(call)),
        is_hub_(source.target.dialect->is_hub()),
        scanner_(source.plan.scan),
        writer_(operation, call, typed) {}

  TokenUsage usage() const override { return is_hub_ ? scanner_.usage() : events_->Tokens(); }

 private:
  Message* Add() override {
    chunks_.push_back(hub_.chunk_type->New(&arena_));
    return chunks_.back();
  }

  void Begin() override {
    chunks_.clear();
    writer_.Clear();
    arena_.Reset();
  }

  void TakeEvent(const http::StreamEvent& event, std::string_view, StreamBatch* batch) override {
    State state = State::kMore;
    if (http::IsIdleEvent(event)) {
      state = State::kIdle;
    } else if (IsEndMarker(event, source_.form.end)) {
      batch->error = data_seen_ ? AtEnd(/*marked=*/true) : EmptyStream();
      state = State::kDone;
    } else if (event.has_data && !event.data.empty()) {
      batch->error = TakeData(event.data, &state);
      data_seen_ = true;
    }
    if (state == State::kIdle) AddComment();
    batch->done = state == State::kDone && !batch->error;
  }

  void TakeLast(const http::StreamEvent& event, StreamBatch* batch) override {
    if (IsEndMarker(event, source_.form.end) || codec::IsJson(event.data)) {
      TakeEvent(event, {}, batch);
    } else {
      batch->error = TruncatedStream();
    }
  }

  void Finish(StreamBatch* batch) override {
    batch->error = AtEnd(/*marked=*/false);
    batch->done = !batch->error;
  }

  void Deliver(StreamBatch* batch) override {
    WriteChunks();
    if (batch->done) writer_.AddEnd();
    writer_.AddTo(batch);
  }

  // The stream has come to its end: what is missing? `marked`: it said so. Some that speak the hub's dialect
  // tell no reason then.
  std::optional<Error> AtEnd(bool marked) {
    if (!is_hub_) return events_->OnEnd(*this);
    if (marked || scanner_.choices().complete()) return std::nullopt;
    return TruncatedStream();
  }

  // A comment stands between what comes before it and after.
  void AddComment() {
    WriteChunks();
    writer_.AddComment(kPingComment);
  }

  std::optional<Error> TakeData(std::string_view data, State* state) {
    if (is_hub_) return TakeChunk(data, state);
    Message* event = source_.form.event->New(&arena_);
    codec::DecodeError problem;
    if (!codec::Decode(*source_.plan.event, data, kAnswers, event, &problem)) {
      return InvalidEvent(problem.problem);
    }
    return Map(*event, state);
  }

  std::optional<Error> Map(const Message& event, State* state) {
    std::optional<Error> error = events_->OnEvent(event, *this, state);
    if (error) providers::ClassifyRefusedKey(source_.target, &*error);
    return error;
  }

  // Of a provider that speaks the hub's dialect.
  std::optional<Error> TakeChunk(std::string_view data, State* state) {
    const ScanResult scan = scanner_.Scan(data);
    if (!scan.is_object) return InvalidEvent("an event is not a JSON object");
    if (scan.has_error) {
      const int status = providers::StatusInError(data, 502);
      return source_.target.dialect->ReadError(status, {}, data, source_.target);
    }
    Message* const chunk = events_ == nullptr ? Add() : source_.form.event->New(&arena_);
    codec::DecodeError problem;
    if (codec::Decode(*source_.plan.event, data, kAnswers, chunk, &problem)) {
      return events_ == nullptr ? std::nullopt : Map(*chunk, state);
    }
    if (events_ == nullptr) chunks_.pop_back();
    return InvalidEvent(problem.problem);
  }

  void WriteChunks() {
    for (const Message* chunk : chunks_) {
      ScanResult scan;
      TokenUsage ignored;
      ScanMessage(*chunk, &ignored, &choices_, &scan);
      facts.content_seen |= scan.has_content;
      if (!scan.finish_reason.empty()) facts.finish_reason = scan.finish_reason;
      writer_.Add(*chunk);
    }
    chunks_.clear();
  }

  static constexpr codec::DecodeOptions kAnswers{.strictness = codec::Strictness::kResponse};

  const OperationSpec& hub_;
  const StreamSource source_;
  // Null: the provider's events are the hub's chunks.
  const std::unique_ptr<providers::EventsToHub> events_;
  const bool is_hub_;  // the provider speaks the hub's dialect: errors, counts and the end are scanned for
  Scanner scanner_;
  ChoiceTracker choices_;
  bool data_seen_ = false;
  std::vector<Message*> chunks_;
  ChunkWriter writer_;
  google::protobuf::Arena arena_;
};

}  // namespace

std::unique_ptr<StreamPipeline> NewMappedStream(const OperationSpec& operation, const StreamSource& source,
                                                const providers::CallFacts& call, bool typed) {
  return std::make_unique<MappedStream>(operation, source, call, typed);
}

}  // namespace portolan::core
