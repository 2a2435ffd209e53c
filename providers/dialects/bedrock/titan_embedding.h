#pragma once

#include <cstdint>
#include <optional>

#include "providers/mapping.h"

namespace portolan::providers::bedrock {

// Embeddings of Amazon Titan: portolan.v1.EmbeddingRequest and EmbeddingResponse on one side,
// bedrock.v1.TitanEmbedRequest and TitanEmbedResponse on the other. One text a request.
class TitanMapping final : public Mapping {
 public:
  // The models take different members.
  enum class Kind : uint8_t { kFirstTexts, kTexts, kImages };
  explicit TitanMapping(Kind kind) : kind_(kind) {}

  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;

 private:
  const Kind kind_;
};

}  // namespace portolan::providers::bedrock
