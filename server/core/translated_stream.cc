#include <google/protobuf/message.h>

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
        typed_(typed) {}

  void Feed(std::string_view bytes, StreamBatch* batch) override {
    Begin();
    reader_.Push(bytes);
    http::SseEvent event;
    State state = State::kMore;
    while (state == State::kMore && !batch->error) {
      const auto result = reader_.Next(&event);
      if (result == http::SseReader::Result::kNeedMore) break;
      if (result == http::SseReader::Result::kTooLarge) {
        batch->error = InvalidEvent("an event is larger than the gateway's limit");
      } else if (event.has_data && !event.data.empty()) {
        batch->error = TakeEvent(event.data, &state);
      }
    }
    batch->done = state == State::kDone && !batch->error;
    Deliver(batch);
    if (batch->done || batch->error) facts.usage = translator_->Tokens();
  }

  void End(StreamBatch* batch) override {
    Begin();
    batch->error = translator_->OnEnd(*this);
    batch->done = !batch->error;
    Deliver(batch);
    facts.usage = translator_->Tokens();
  }

 private:
  Message* Add() override {
    chunks_.push_back(operation_.chunk_type->New(&arena_));
    return chunks_.back();
  }

  void Begin() {
    chunks_.clear();
    wires_.Clear();
    text_.clear();
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
      ScanMessage(*chunk, &facts.usage, &choices_, &scan);
      facts.content_seen |= scan.has_content;
      if (!scan.finish_reason.empty()) facts.finish_reason = scan.finish_reason;
      if (typed_) {
        chunk->AppendToString(wires_.bytes());
        wires_.Close();
      } else {
        text_ += "data: ";
        const size_t begin = text_.size();
        codec::Encode(*operation_.chunk, *chunk, {.composed = true}, &text_);
        // Verbatim values may hold line ends as layout, which would end the event; in strings they are
        // escaped.
        for (const char line_end : {'\n', '\r'}) {
          for (size_t at = text_.find(line_end, begin); at != std::string::npos;
               at = text_.find(line_end, at)) {
            text_[at] = ' ';
          }
        }
        text_ += "\n\n";
      }
    }
    wires_.AddTo(batch);
    if (typed_) return;
    if (batch->done && !operation_.done.empty()) http::AppendSseData(operation_.done, &text_);
    if (!text_.empty()) batch->pieces.push_back(text_);
  }

  const OperationSpec& operation_;
  const codec::MessagePlan& events_;
  const Message& event_type_;
  const std::unique_ptr<providers::StreamTranslator> translator_;
  const bool typed_;
  http::SseReader reader_;
  ChoiceTracker choices_;
  std::vector<Message*> chunks_;
  WireChunks wires_;
  std::string text_;
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
