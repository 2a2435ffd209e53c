#pragma once

#include <optional>

#include "providers/mapping.h"

namespace portolan::providers::palm {

// Chat: portolan.v1.ChatCompletionRequest and ChatCompletion on one side, palm.v1.GenerateMessageRequest and
// GenerateMessageResponse on the other. There are no streams.
class ChatMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

}  // namespace portolan::providers::palm
