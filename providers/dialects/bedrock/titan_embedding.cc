#include "providers/dialects/bedrock/titan_embedding.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bedrock/v1/embedding.pb.h"
#include "portolan/v1/embedding.pb.h"
#include "providers/classify.h"
#include "providers/dialects/common/embedding.h"
#include "providers/dialects/common/json.h"

namespace portolan::providers::bedrock {
namespace {

namespace api = ::portolan::v1;
namespace wire = ::bedrock::v1;

using Kind = TitanMapping::Kind;

// What the first model of texts answers with, whatever it is asked.
constexpr int64_t kFirstDimensions = 1536;

// A member of Titan's own, by its name there; empty: this model has none of that name.
std::string_view OwnMember(Kind kind, std::string_view name) {
  if (kind == Kind::kTexts) {
    if (name == "normalize") return "normalize";
    if (name == "embeddingTypes" || name == "embedding_types") return "embeddingTypes";
  }
  if (kind == Kind::kImages && (name == "inputImage" || name == "input_image")) return "inputImage";
  return {};
}

// OpenAI's shape has room for one vector of each text.
bool IsOneType(std::string_view json) {
  int types = 0;
  ForEachElement(json, [&](std::string_view element) { types += JsonText(element).empty() ? 2 : 1; });
  return types == 1;
}

std::optional<Error> TakeExtras(Kind kind, const api::EmbeddingRequest& request, wire::TitanEmbedRequest* out,
                                DroppedMembers* dropped) {
  for (const api::Extra& extra : request.extra()) {
    if (IsEmptyJson(extra.json())) continue;
    const std::string_view own = OwnMember(kind, extra.name());
    if (own.empty() || !FindExtra(out->extra(), own).empty()) {
      dropped->push_back(extra.name());
    } else if (own == "embeddingTypes" && !IsOneType(extra.json())) {
      return Error::InvalidRequest("unsupported_value", "expected a list of one type", extra.name());
    } else {
      AddExtra(own, extra.json(), out->mutable_extra());
    }
  }
  if (!request.user().empty()) dropped->emplace_back("user");
  return std::nullopt;
}

std::optional<Error> TakeDimensions(Kind kind, int64_t dimensions, wire::TitanEmbedRequest* out) {
  if (kind == Kind::kTexts) {
    out->set_dimensions(dimensions);
  } else if (kind == Kind::kImages) {
    out->mutable_embedding_config()->set_output_embedding_length(dimensions);
  } else if (dimensions != kFirstDimensions) {
    return Error::InvalidRequest("unsupported_value", "this model's vectors always have 1536 dimensions",
                                 "dimensions");
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> TitanMapping::RequestToWire(const Message& hub, const CallFacts&, Message* wire,
                                                 DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::EmbeddingRequest&>(hub);
  auto* out = static_cast<wire::TitanEmbedRequest*>(wire);
  std::vector<std::string> texts;
  if (auto error = TakeTexts(request.input(), 1, "bedrock's titan", &texts)) return error;
  if (auto error = TakeExtras(kind_, request, out, dropped)) return error;
  if (!texts.empty()) {
    out->set_input_text(std::move(texts.front()));
  } else if (FindExtra(out->extra(), "inputImage").empty()) {
    return Error::InvalidRequest("missing_value", "there is no text to embed", "input");
  }
  return request.has_dimensions() ? TakeDimensions(kind_, request.dimensions(), out) : std::nullopt;
}

std::optional<Error> TitanMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                               Message* hub) const {
  const auto& answer = static_cast<const wire::TitanEmbedResponse&>(wire);
  auto* out = static_cast<api::EmbeddingResponse*>(hub);
  const wire::TitanEmbeddings& by_type = answer.embeddings_by_type();
  out->set_object("list");
  out->set_model(std::string(facts.model));
  if (!by_type.binary().empty() && by_type.float_().empty()) {
    // Whole numbers stay what they are, whatever the encoding.
    CallFacts as_numbers = facts;
    as_numbers.base64 = false;
    AddVector(by_type.binary(), as_numbers, out);
  } else if (!answer.embedding().empty() || !by_type.float_().empty()) {
    AddVector(answer.embedding().empty() ? by_type.float_() : answer.embedding(), facts, out);
  } else {
    return BrokenAnswer("upstream_invalid_answer", "titan answered with something that holds no embedding");
  }
  const int64_t tokens =
      answer.has_input_text_token_count() ? answer.input_text_token_count() : facts.input_tokens;
  if (tokens >= 0) SetPromptTokens(tokens, out);
  CopyExtras(answer.extra(), out);
  return std::nullopt;
}

}  // namespace portolan::providers::bedrock
