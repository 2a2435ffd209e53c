#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "portolan/v1/embedding.pb.h"
#include "providers/dialects/common/json.h"
#include "providers/mapping.h"

namespace portolan::providers::gemini {

// Embeddings: portolan.v1.EmbeddingRequest and EmbeddingResponse on one side,
// gemini.v1.BatchEmbedContentsRequest and BatchEmbedContentsResponse on the other.
class EmbeddingMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

// The API's own bound of texts in a request.
inline constexpr size_t kMostTexts = 100;

// What all ways to embed texts share.

// The texts of a request, one at least and `most` at most.
std::optional<Error> TakeSomeTexts(const ::portolan::v1::TextInput& input, size_t most,
                                   std::vector<std::string>* texts);
// The members of Google's own (`taskType`, `title`, `autoTruncate`); those that nobody knows as dropped.
Extras OwnMembers(const ::portolan::v1::EmbeddingRequest& request, DroppedMembers* dropped);
// An answer without a vector for each text.
Error NoEmbeddings();

}  // namespace portolan::providers::gemini
