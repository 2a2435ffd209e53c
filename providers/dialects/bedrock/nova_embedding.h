#pragma once

#include <optional>

#include "providers/mapping.h"

namespace portolan::providers::bedrock {

// Embeddings of Amazon Nova: portolan.v1.EmbeddingRequest and EmbeddingResponse on one side,
// bedrock.v1.NovaEmbedRequest and NovaEmbedResponse on the other. One text a request.
class NovaMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

}  // namespace portolan::providers::bedrock
