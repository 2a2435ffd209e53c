#include "providers/dialects/watsonx/embedding.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "portolan/v1/embedding.pb.h"
#include "providers/classify.h"
#include "providers/dialects/common/embedding.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/watsonx/payer.h"
#include "watsonx/v1/embedding.pb.h"

namespace portolan::providers::watsonx {
namespace {

namespace api = ::portolan::v1;
namespace wire = ::watsonx::v1;

// Members of its own pass as the caller wrote them.
void TakeExtra(const api::Extra& extra, wire::EmbeddingsRequest* out, DroppedMembers* dropped) {
  if (IsEmptyJson(extra.json())) return;
  if (extra.name() == "parameters") {
    AddExtra(extra.name(), extra.json(), out->mutable_extra());
  } else if (!TakePayer(extra, out)) {
    dropped->push_back(extra.name());
  }
}

}  // namespace

std::optional<Error> EmbeddingMapping::RequestToWire(const Message& hub, const CallFacts&, Message* wire,
                                                     DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::EmbeddingRequest&>(hub);
  auto* out = static_cast<wire::EmbeddingsRequest*>(wire);
  std::vector<std::string> texts;
  if (auto error = TakeTexts(request.input(), kMostTexts, "watsonx", &texts)) return error;
  if (texts.empty()) return Error::InvalidRequest("missing_value", "there is no text to embed", "input");
  if (request.has_model()) out->set_model_id(request.model());
  for (std::string& text : texts) out->add_inputs(std::move(text));
  // Vectors of another length would be others.
  if (request.has_dimensions()) {
    return Error::InvalidRequest("unsupported_value",
                                 "watsonx's vectors have the length that the model gives them", "dimensions");
  }
  if (!request.user().empty()) dropped->emplace_back("user");
  for (const api::Extra& extra : request.extra()) TakeExtra(extra, out, dropped);
  return std::nullopt;
}

std::optional<Error> EmbeddingMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                   Message* hub) const {
  const auto& answer = static_cast<const wire::EmbeddingsResponse&>(wire);
  auto* out = static_cast<api::EmbeddingResponse*>(hub);
  out->set_object("list");
  out->set_model(answer.has_model_id() ? answer.model_id() : std::string(facts.model));
  for (const wire::Embedding& one : answer.results()) AddVector(one.embedding(), facts, out);
  if (answer.has_input_token_count()) SetPromptTokens(answer.input_token_count(), out);
  const bool good = !answer.results().empty() &&
                    std::none_of(answer.results().begin(), answer.results().end(),
                                 [](const wire::Embedding& one) { return one.embedding().empty(); });
  if (good) return std::nullopt;
  return BrokenAnswer("upstream_invalid_answer", "watsonx answered with something that holds no embeddings");
}

}  // namespace portolan::providers::watsonx
