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

// The texts of a request, `most` at most.
std::optional<Error> TakeTexts(const ::portolan::v1::TextInput& input, size_t most,
                               std::vector<std::string>* texts);
// The members of Google's own (`taskType`, `title`, `autoTruncate`); those that nobody knows as dropped.
Extras OwnMembers(const ::portolan::v1::EmbeddingRequest& request, DroppedMembers* dropped);
// Adds a vector to the answer. Returns it, for what else there is to say.
::portolan::v1::Embedding* AddVector(const google::protobuf::RepeatedField<double>& values,
                                     const CallFacts& facts, ::portolan::v1::EmbeddingResponse* out);
// Nothing is generated: OpenAI reports the prompt alone.
void SetPromptTokens(int64_t tokens, ::portolan::v1::EmbeddingResponse* out);
// An answer without a vector for each text.
Error NoEmbeddings();

}  // namespace portolan::providers::gemini
