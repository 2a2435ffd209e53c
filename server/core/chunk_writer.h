#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "server/core/call.h"
#include "server/core/stream_pipeline.h"

namespace portolan::core {

// Typed chunks of the hub as a door takes them: events for REST, messages in wire format for gRPC. Its memory
// is used again from batch to batch.
class ChunkWriter {
 public:
  // `operation` must outlive it.
  ChunkWriter(const OperationSpec& operation, bool typed) : operation_(operation), typed_(typed) {}

  // Forgets what was added.
  void Clear();
  void Add(const google::protobuf::Message& chunk);
  // A whole comment, its blank line included. gRPC has none.
  void AddComment(std::string_view comment);
  // The end marker, where the door has one.
  void AddEnd();
  // Hands out views of what was added, valid until Clear.
  void AddTo(StreamBatch* batch) const;

 private:
  const OperationSpec& operation_;
  const bool typed_;
  std::string text_;
  WireChunks wires_;
};

}  // namespace portolan::core
