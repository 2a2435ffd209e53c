#pragma once

#include "providers/mapping.h"

namespace portolan::providers::ollama {

// Chat: portolan.v1.ChatCompletionRequest, ChatCompletion and ChatCompletionChunk on one side,
// ollama.v1.ChatRequest and ChatResponse on the other.
class ChatMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::vector<MediaReference> MediaOf(const Message& hub) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
  std::unique_ptr<EventsToHub> ReadEvents(const CallFacts& facts) const override;
};

}  // namespace portolan::providers::ollama
