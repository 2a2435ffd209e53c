#pragma once

#include <optional>

#include "providers/mapping.h"

namespace portolan::providers::palm {

// Text completions: portolan.v1.CompletionRequest and Completion on one side, palm.v1.GenerateTextRequest and
// GenerateTextResponse on the other. There are no streams.
class CompletionMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

}  // namespace portolan::providers::palm
