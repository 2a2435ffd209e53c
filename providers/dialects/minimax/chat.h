#pragma once

#include <memory>

#include "providers/mapping.h"

namespace portolan::providers::minimax {

// OpenAI's chat on both sides (portolan.v1), with reasoning that stands in tags within the text: it is taken
// out of answers, and put back into the turns of a history, which the models want as they wrote them.
class ChatMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
  std::unique_ptr<EventsToHub> ReadEvents(const CallFacts& facts) const override;
};

}  // namespace portolan::providers::minimax
