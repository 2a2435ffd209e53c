#pragma once

// The texts in the events of a stream, and the answer that they come to.

#include <google/protobuf/message.h>

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "portolan/v1/chat_completion.pb.h"

namespace portolan::guardrails {

// What a text of a streamed answer belongs to: all that has the same lane is one text.
struct Lane {
  enum class Kind : uint8_t {
    kText,
    kRefusal,
    kReasoningContent,
    kReasoning,
    kCallName,
    kCallArguments,
    kCustomName,
    kCustomInput,
    kFunctionName,
    kFunctionArguments,
    kTranscript,
    kBlockText,
    kBlockThinking,
    kBlockName,
    kBlockInput,
  };
  int choice = 0;
  Kind kind = Kind::kText;
  int item = 0;  // of calls and blocks: which of them

  // Its text is JSON.
  bool is_json() const {
    return kind == Kind::kCallArguments || kind == Kind::kFunctionArguments || kind == Kind::kBlockInput;
  }
  auto operator<=>(const Lane&) const = default;
};

struct EventText {
  Lane lane;
  std::string* text;  // in the event
};

// The texts that an event of a door, or a chunk of the hub, adds, in their order. False if its type is not
// known: where its texts are cannot be told.
bool AddTexts(google::protobuf::Message* event, std::vector<EventText>* texts);

// Puts the whole text of a lane into the answer that a stream comes to. Returns its place, which stays valid
// as long as the answer does and gets no other text of the same lane.
std::string* PutText(const Lane& lane, const std::string& text, v1::ChatCompletion* answer);

}  // namespace portolan::guardrails
