#pragma once

#include <memory>

#include "providers/mapping.h"

namespace portolan::providers::watsonx {

// OpenAI's chat on both sides (portolan.v1), with IBM's names on the wire.
class ChatMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
  std::unique_ptr<EventsToHub> ReadEvents(const CallFacts& facts) const override;
};

}  // namespace portolan::providers::watsonx
