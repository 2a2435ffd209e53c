#include "providers/dialects/google/embedding.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "gemini/v1/embedding.pb.h"
#include "portolan/v1/embedding.pb.h"
#include "providers/classify.h"
#include "providers/dialects/common/embedding.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/google/errors.h"
#include "providers/dialects/google/model_traits.h"
#include "providers/dialects/google/request.h"
#include "providers/dialects/google/response.h"
#include "providers/dialects/google/usage.h"

namespace portolan::providers::gemini {
namespace {

// Members of Google's own.
constexpr std::array<std::string_view, 3> kOwnMembers = {"taskType", "title", "autoTruncate"};

}  // namespace

std::optional<Error> TakeSomeTexts(const api::TextInput& input, size_t most,
                                   std::vector<std::string>* texts) {
  if (auto error = TakeTexts(input, most, "google", texts)) return error;
  if (!texts->empty()) return std::nullopt;
  return Error::InvalidRequest("missing_value", "there is no text to embed", "input");
}

Extras OwnMembers(const api::EmbeddingRequest& request, DroppedMembers* dropped) {
  Extras own;
  for (const api::Extra& extra : request.extra()) {
    const std::string name = CamelCase(extra.name());
    if (IsEmptyJson(extra.json())) continue;
    const bool known = std::find(kOwnMembers.begin(), kOwnMembers.end(), name) != kOwnMembers.end();
    if (known && FindExtra(own, name).empty()) {
      AddExtra(name, extra.json(), &own);
    } else {
      dropped->push_back(extra.name());
    }
  }
  if (!request.user().empty()) dropped->push_back("user");
  return own;
}

Error NoEmbeddings() {
  return BrokenAnswer("upstream_invalid_answer", "google answered with something that holds no embeddings");
}

std::optional<Error> EmbeddingMapping::RequestToWire(const Message& hub, const CallFacts& facts,
                                                     Message* wire, DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::EmbeddingRequest&>(hub);
  auto* out = static_cast<wire::BatchEmbedContentsRequest*>(wire);
  std::vector<std::string> texts;
  if (auto error = TakeSomeTexts(request.input(), kMostTexts, &texts)) return error;
  const Extras own = OwnMembers(request, dropped);
  const std::string model = ResourceName(facts.model);
  for (std::string& text : texts) {
    wire::EmbedContentRequest* one = out->add_requests();
    one->set_model(model);
    one->mutable_content()->add_parts()->set_text(std::move(text));
    if (request.has_dimensions()) one->set_output_dimensionality(request.dimensions());
    *one->mutable_extra() = own;
  }
  return std::nullopt;
}

std::optional<Error> EmbeddingMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                   Message* hub) const {
  const auto& answer = static_cast<const wire::BatchEmbedContentsResponse&>(wire);
  auto* out = static_cast<api::EmbeddingResponse*>(hub);
  if (answer.has_error()) return ErrorInAnswer(answer.error());
  if (answer.embeddings().empty()) return NoEmbeddings();
  out->set_object("list");
  out->set_model(std::string(facts.model));
  for (const wire::ContentEmbedding& from : answer.embeddings()) {
    CopyExtras(from.extra(), AddVector(from.values(), facts, out));
  }
  if (answer.has_usage_metadata()) {
    SetPromptTokens(answer.usage_metadata().prompt_token_count(), out);
  }
  CopyExtras(answer.extra(), out);
  return std::nullopt;
}

}  // namespace portolan::providers::gemini
