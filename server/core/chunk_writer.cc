#include "server/core/chunk_writer.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;

std::unique_ptr<providers::EventsToWire> NewEvents(const OperationSpec& operation,
                                                   const providers::CallFacts& facts, bool typed) {
  if (typed || operation.speaks_hub()) return nullptr;
  return operation.form->mapping->WriteEvents(facts);
}

}  // namespace

ChunkWriter::ChunkWriter(const OperationSpec& operation, const providers::CallFacts& facts, bool typed)
    : operation_(operation), typed_(typed), events_(NewEvents(operation, facts, typed)) {}

void ChunkWriter::Clear() {
  text_.clear();
  wires_.Clear();
}

void ChunkWriter::Add(const Message& chunk) {
  if (typed_) {
    chunk.AppendToString(wires_.bytes());
    wires_.Close();
  } else if (events_ == nullptr) {
    WriteEvent({}, chunk);
  } else {
    events_->OnChunk(chunk, *this);
    WriteEvents();
  }
}

Message* ChunkWriter::Add(std::string_view event) {
  made_.push_back({event, operation_.chunk_type->New(&arena_)});
  return made_.back().message;
}

void ChunkWriter::WriteEvents() {
  for (const Event& event : made_) WriteEvent(event.name, *event.message);
  made_.clear();
  arena_.Reset();
}

void ChunkWriter::WriteEvent(std::string_view name, const Message& message) {
  if (!name.empty()) text_.append("event: ").append(name).append("\n");
  text_ += "data: ";
  const size_t begin = text_.size();
  codec::Encode(*operation_.chunk, message, {.composed = true}, &text_);
  // Verbatim values may hold line ends as layout, which would end the event; in strings they are escaped.
  for (const char line_end : {'\n', '\r'}) {
    for (size_t at = text_.find(line_end, begin); at != std::string::npos; at = text_.find(line_end, at)) {
      text_[at] = ' ';
    }
  }
  text_ += "\n\n";
}

void ChunkWriter::AddComment(std::string_view comment) {
  if (!typed_) text_ += comment;
}

void ChunkWriter::AddEnd() {
  if (typed_) return;
  if (events_ == nullptr) {
    text_ += operation_.form->end_event;
    return;
  }
  events_->OnEnd(*this);
  WriteEvents();
}

void ChunkWriter::AddTo(StreamBatch* batch) const {
  wires_.AddTo(batch);
  if (!text_.empty()) batch->pieces.push_back(text_);
}

}  // namespace portolan::core
