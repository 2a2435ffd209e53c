#pragma once

#include "providers/text_by_chat.h"

namespace portolan::providers::mistral {

// portolan.v1.CompletionRequest on both sides, with what Mistral has of it; answers are those of a chat.
class FimMapping final : public TextByChatMapping {
 public:
  FimMapping() : TextByChatMapping(nullptr) {}
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
};

}  // namespace portolan::providers::mistral
