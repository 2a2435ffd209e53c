#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "providers/mapping.h"

namespace portolan::providers::anthropic {

// Chat: portolan.v1.ChatCompletionRequest, ChatCompletion and ChatCompletionChunk on one side,
// anthropic.v1.MessagesRequest, MessagesResponse and StreamEvent on the other.
class ChatMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  // With a temperature, `top_p` or `top_k` the version of the API that takes them.
  std::vector<HeaderField> NeededOptions(const Message& wire) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
  std::unique_ptr<EventsToHub> ReadEvents(const CallFacts& facts) const override;

  bool serves_callers() const override { return true; }
  std::optional<Error> RequestToHub(const Message& wire, const CallFacts& facts, Message* hub,
                                    DroppedMembers* dropped) const override;
  // With `facts.request` names of tools that had to be shortened are said in full again.
  void AnswerToWire(const Message& hub, const CallFacts& facts, Message* wire) const override;
  std::unique_ptr<EventsToWire> WriteEvents(const CallFacts& facts) const override;
};

}  // namespace portolan::providers::anthropic
