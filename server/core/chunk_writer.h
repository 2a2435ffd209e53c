#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <string_view>

#include "server/core/call.h"
#include "server/core/stream_pipeline.h"

namespace portolan::core {

// Says typed chunks of the hub in the form that a caller takes: events of the door's dialect for REST,
// messages of the hub in wire format for gRPC (`typed`). Its memory is used again from batch to batch.
class ChunkWriter : private providers::EventSink {
 public:
  // `operation` is the caller's, and must outlive the writer, as must what `facts` views.
  ChunkWriter(const OperationSpec& operation, const providers::CallFacts& facts, bool typed);

  // Forgets what was added.
  void Clear();
  void Add(const google::protobuf::Message& chunk);
  // Adds a whole comment, its blank line included. Ignored for gRPC.
  void AddComment(std::string_view comment);
  // The stream is complete: adds what ends it, if the door has such a thing.
  void AddEnd();
  // Adds views of what was added to *batch, valid until Clear.
  void AddTo(StreamBatch* batch) const;

 private:
  google::protobuf::Message* Add(std::string_view event) override;
  // Writes what the dialect has made of a chunk.
  void WriteEvents();
  void WriteEvent(std::string_view name, const google::protobuf::Message& message);

  struct Event {
    std::string_view name;
    google::protobuf::Message* message;
  };

  const OperationSpec& operation_;
  const bool typed_;
  const std::unique_ptr<providers::EventsToWire> events_;  // null: the door speaks the hub's dialect
  google::protobuf::Arena arena_;                          // of `made_`
  std::vector<Event> made_;
  std::string text_;
  WireChunks wires_;
};

}  // namespace portolan::core
