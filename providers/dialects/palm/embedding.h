#pragma once

#include <optional>

#include "providers/mapping.h"

namespace portolan::providers::palm {

// Embeddings: portolan.v1.EmbeddingRequest and EmbeddingResponse on one side, palm.v1.EmbedTextRequest and
// EmbedTextResponse on the other. One text a call.
class EmbeddingMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

}  // namespace portolan::providers::palm
