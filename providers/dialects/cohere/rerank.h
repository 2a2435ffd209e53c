#pragma once

#include <optional>

#include "providers/mapping.h"

namespace portolan::providers::cohere {

// Reranking: portolan.v1.RerankRequest becomes cohere.v1.RerankRequest. The answer is in the hub's words
// already: portolan.v1.RerankResponse is its superset.
class RerankMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

}  // namespace portolan::providers::cohere
