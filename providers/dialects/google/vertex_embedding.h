#pragma once

#include <cstddef>
#include <optional>

#include "providers/mapping.h"

namespace portolan::providers::gemini {

// The API's own bound of texts in a request for `:predict`.
inline constexpr size_t kMostInstances = 250;

// Embeddings of Vertex AI, `:predict`: up to 250 texts. gemini.v1.PredictRequest and PredictResponse.
class PredictMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

// Embeddings of Vertex AI, `:embedContent`: one text. gemini.v1.EmbedOneRequest and EmbedOneResponse.
class EmbedOneMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

}  // namespace portolan::providers::gemini
