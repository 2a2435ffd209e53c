#pragma once

#include <cstddef>
#include <optional>

#include "providers/mapping.h"

namespace portolan::providers::cohere {

// The API's own bound.
inline constexpr size_t kMostTexts = 96;

// Embeddings: portolan.v1.EmbeddingRequest and EmbeddingResponse on one side, cohere.v1.EmbedRequest and
// EmbedResponse on the other.
class EmbeddingMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

}  // namespace portolan::providers::cohere
