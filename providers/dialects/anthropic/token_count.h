#pragma once

#include <optional>
#include <vector>

#include "providers/mapping.h"

namespace portolan::providers::anthropic {

// Counting tokens, for providers and for callers: portolan.v1.ChatCompletionRequest and TokenCount on one
// side, anthropic.v1.MessagesRequest and CountTokensResponse on the other.
class TokenCountMapping final : public Mapping {
 public:
  bool serves_callers() const override { return true; }

  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::vector<MediaReference> MediaOf(const Message& hub) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;

  std::optional<Error> RequestToHub(const Message& wire, const CallFacts& facts, Message* hub,
                                    DroppedMembers* dropped) const override;
  void AnswerToWire(const Message& hub, const CallFacts& facts, Message* wire) const override;
};

}  // namespace portolan::providers::anthropic
