#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "providers/mapping.h"

namespace portolan::providers::cohere {

// Chat: portolan.v1.ChatCompletionRequest, ChatCompletion and ChatCompletionChunk on one side,
// cohere.v1.ChatRequest, ChatResponse and StreamEvent on the other.
class ChatMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  // Documents, which Cohere does not fetch. It fetches images itself.
  std::vector<MediaReference> MediaOf(const Message& hub) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
  std::unique_ptr<EventsToHub> ReadEvents(const CallFacts& facts) const override;
};

}  // namespace portolan::providers::cohere
