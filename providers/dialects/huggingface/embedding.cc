#include "providers/dialects/huggingface/embedding.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "huggingface/v1/feature_extraction.pb.h"
#include "portolan/v1/embedding.pb.h"
#include "providers/classify.h"
#include "providers/dialects/common/embedding.h"
#include "providers/dialects/common/json.h"

namespace portolan::providers::huggingface {
namespace {

namespace api = ::portolan::v1;
namespace wire = ::huggingface::v1;

// Members of its own, which pass as the caller wrote them.
constexpr std::array<std::string_view, 4> kNative = {"normalize", "prompt_name", "truncate",
                                                     "truncation_direction"};

}  // namespace

std::optional<Error> EmbeddingMapping::RequestToWire(const Message& hub, const CallFacts&, Message* wire,
                                                     DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::EmbeddingRequest&>(hub);
  auto* out = static_cast<wire::FeatureExtractionRequest*>(wire);
  std::vector<std::string> texts;
  if (auto error = TakeTexts(request.input(), kMostTexts, "huggingface", &texts)) return error;
  if (texts.empty()) return Error::InvalidRequest("missing_value", "there is no text to embed", "input");
  for (std::string& text : texts) out->add_inputs(std::move(text));
  // Vectors of another length would be others.
  if (request.has_dimensions()) {
    return Error::InvalidRequest(
        "unsupported_value", "huggingface's vectors have the length that the model gives them", "dimensions");
  }
  if (!request.user().empty()) dropped->emplace_back("user");
  for (const api::Extra& extra : request.extra()) {
    if (IsEmptyJson(extra.json())) continue;
    if (std::find(kNative.begin(), kNative.end(), extra.name()) != kNative.end()) {
      AddExtra(extra.name(), extra.json(), out->mutable_extra());
    } else {
      dropped->push_back(extra.name());
    }
  }
  return std::nullopt;
}

std::optional<Error> EmbeddingMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                   Message* hub) const {
  const auto& answer = static_cast<const wire::FeatureExtractionResponse&>(wire);
  auto* out = static_cast<api::EmbeddingResponse*>(hub);
  out->set_object("list");
  out->set_model(std::string(facts.model));
  if (answer.has_vector()) AddVector(answer.vector().values(), facts, out);
  for (const api::FloatVector& vector : answer.vectors().items()) AddVector(vector.values(), facts, out);
  const bool good =
      !out->data().empty() && std::none_of(out->data().begin(), out->data().end(), [](const auto& one) {
        return one.embedding().base64().empty() && one.embedding().floats().values().empty();
      });
  if (good) return std::nullopt;
  return BrokenAnswer("upstream_invalid_answer",
                      "huggingface answered with something that holds no embeddings");
}

}  // namespace portolan::providers::huggingface
