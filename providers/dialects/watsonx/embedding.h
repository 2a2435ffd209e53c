#pragma once

#include <cstddef>
#include <optional>

#include "providers/mapping.h"

namespace portolan::providers::watsonx {

// Embeddings: portolan.v1.EmbeddingRequest and EmbeddingResponse on one side, watsonx.v1.EmbeddingsRequest
// and EmbeddingsResponse on the other.
class EmbeddingMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

// As many as IBM's SDK for Python sends at once.
inline constexpr size_t kMostTexts = 1000;

}  // namespace portolan::providers::watsonx
