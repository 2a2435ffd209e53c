#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "providers/mapping.h"

namespace portolan::providers::perplexity {

// What the caller wants of the vectors.
enum class Vectors : uint8_t {
  kNumbers,       // what OpenAI has: numbers, or floats in base64
  kOwnEncodings,  // `base64_int8` or `base64_binary`, by name
};

// Embeddings: portolan.v1.EmbeddingRequest and EmbeddingResponse on either side. Of kNumbers a request that
// names another encoding is refused with the path `encoding_format`: it is for the other.
class EmbeddingMapping final : public Mapping {
 public:
  explicit EmbeddingMapping(Vectors vectors) : vectors_(vectors) {}

  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;

 private:
  const Vectors vectors_;
};

// That a request may have, by its documentation.
inline constexpr size_t kMostTexts = 512;

}  // namespace portolan::providers::perplexity
