#pragma once

#include <optional>

#include "providers/mapping.h"

namespace portolan::providers::watsonx {

// Reranking: portolan.v1.RerankRequest and RerankResponse on one side, watsonx.v1.RerankRequest and
// RerankResponse on the other.
class RerankMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

}  // namespace portolan::providers::watsonx
