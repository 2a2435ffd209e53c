#pragma once

#include <optional>

#include "providers/mapping.h"

namespace portolan::providers::bedrock {

// Counting tokens: portolan.v1.ChatCompletionRequest and TokenCount on one side,
// bedrock.v1.CountTokensRequest and CountTokensResponse on the other.
class TokenCountMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::vector<MediaReference> MediaOf(const Message& hub) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

}  // namespace portolan::providers::bedrock
