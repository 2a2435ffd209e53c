#pragma once

#include <memory>

#include "providers/mapping.h"

namespace portolan::providers::mistral {

// OpenAI's chat on both sides (portolan.v1), with Mistral's words for what OpenAI's lacks or says otherwise.
// README.md lists them.
class ChatMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
  std::unique_ptr<EventsToHub> ReadEvents(const CallFacts& facts) const override;
};

}  // namespace portolan::providers::mistral
