#pragma once

#include <cstddef>
#include <optional>

#include "providers/mapping.h"

namespace portolan::providers::huggingface {

// Embeddings: portolan.v1.EmbeddingRequest and EmbeddingResponse on one side,
// huggingface.v1.FeatureExtractionRequest and FeatureExtractionResponse on the other.
class EmbeddingMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

// As many texts as text-embeddings-inference, the server behind it, takes of a caller unless it is told
// otherwise (its --max-client-batch-size).
inline constexpr size_t kMostTexts = 32;

}  // namespace portolan::providers::huggingface
