#include "server/core/chunk_writer.h"

#include "server/http/sse.h"

namespace portolan::core {

void ChunkWriter::Clear() {
  text_.clear();
  wires_.Clear();
}

void ChunkWriter::Add(const google::protobuf::Message& chunk) {
  if (typed_) {
    chunk.AppendToString(wires_.bytes());
    wires_.Close();
    return;
  }
  text_ += "data: ";
  const size_t begin = text_.size();
  codec::Encode(*operation_.chunk, chunk, {.composed = true}, &text_);
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
  if (!typed_ && !operation_.done.empty()) http::AppendSseData(operation_.done, &text_);
}

void ChunkWriter::AddTo(StreamBatch* batch) const {
  wires_.AddTo(batch);
  if (!text_.empty()) batch->pieces.push_back(text_);
}

}  // namespace portolan::core
