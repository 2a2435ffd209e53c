#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "server/core/call.h"
#include "server/core/stream_pipeline.h"

namespace portolan::core {

// Writes typed chunks of the hub in the form that a door takes: events for REST, messages in wire format for
// gRPC (`typed`). Its memory is used again from batch to batch.
class ChunkWriter {
 public:
  // `operation` must outlive it.
  ChunkWriter(const OperationSpec& operation, bool typed) : operation_(operation), typed_(typed) {}

  // Forgets what was added.
  void Clear();
  void Add(const google::protobuf::Message& chunk);
  // Adds a whole comment, its blank line included. Ignored for gRPC.
  void AddComment(std::string_view comment);
  // Adds the end marker, if the door has one.
  void AddEnd();
  // Adds views of what was added to *batch, valid until Clear.
  void AddTo(StreamBatch* batch) const;

 private:
  const OperationSpec& operation_;
  const bool typed_;
  std::string text_;
  WireChunks wires_;
};

}  // namespace portolan::core
