#pragma once

// Writes the parts of a streamed candidate as ordered blocks: one after the other, none within another. Text,
// and reasoning, that goes on is one block; one with a signature of its own is a block by itself.

#include <cstdint>
#include <string_view>

#include "gemini/v1/content.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "providers/dialects/google/parts.h"

namespace portolan::providers::gemini {

class BlockWriter {
 public:
  // `call_id` is for calls.
  void Add(const ::gemini::v1::Part& part, std::string_view call_id, ::portolan::v1::MessageDelta* delta);
  // Ends the block that is open, if one is.
  void Close(::portolan::v1::MessageDelta* delta);
  bool is_open() const { return open_ != PartKind::kNothing; }

 private:
  int32_t index_ = 0;
  PartKind open_ = PartKind::kNothing;
};

}  // namespace portolan::providers::gemini
