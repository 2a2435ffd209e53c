#include "providers/dialects/bedrock/nova_embedding.h"

#include <array>
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

// Nova wants to know what a vector is for. What Cohere calls `input_type` says it too.
struct Purpose {
  std::string_view input_type;
  std::string_view name;
};
constexpr std::array<Purpose, 4> kPurposes = {{{"search_document", "GENERIC_INDEX"},
                                               {"search_query", "GENERIC_RETRIEVAL"},
                                               {"classification", "CLASSIFICATION"},
                                               {"clustering", "CLUSTERING"}}};

Error Refuse(std::string code, std::string message, std::string param) {
  return Error::InvalidRequest(std::move(code), std::move(message), std::move(param));
}

std::optional<Error> TakeInputType(const api::Extra& extra, wire::NovaEmbeddingParams* params) {
  const std::string type = JsonText(extra.json());
  for (const Purpose& purpose : kPurposes) {
    if (purpose.input_type != type) continue;
    if (!params->has_embedding_purpose()) params->set_embedding_purpose(std::string(purpose.name));
    return std::nullopt;
  }
  return Refuse("unsupported_value",
                "one of search_document, search_query, classification and clustering; embeddingPurpose says "
                "more",
                extra.name());
}

// A member of Nova's own that is a word.
std::optional<Error> TakeWord(const api::Extra& extra, std::string* to) {
  *to = JsonText(extra.json());
  if (!to->empty()) return std::nullopt;
  return Refuse("invalid_value", "expected a text", extra.name());
}

Error NoEmbeddings() {
  return BrokenAnswer("upstream_invalid_answer", "nova answered with something that holds no embeddings");
}

bool IsMedium(std::string_view name) { return name == "image" || name == "audio" || name == "video"; }

std::optional<Error> TakeExtras(const api::EmbeddingRequest& request, wire::NovaEmbeddingParams* params,
                                std::string* truncation, DroppedMembers* dropped) {
  for (const api::Extra& extra : request.extra()) {
    const std::string& name = extra.name();
    std::optional<Error> error;
    if (IsEmptyJson(extra.json())) continue;
    if (name == "embeddingPurpose" || name == "embedding_purpose") {
      error = TakeWord(extra, params->mutable_embedding_purpose());
    } else if (name == "truncationMode" || name == "truncation_mode") {
      error = TakeWord(extra, truncation);
    } else if (name == "input_type") {
      error = TakeInputType(extra, params);
    } else if (IsMedium(name)) {
      AddExtra(name, extra.json(), params->mutable_extra());
    } else {
      dropped->push_back(name);
    }
    if (error) return error;
  }
  if (!request.user().empty()) dropped->emplace_back("user");
  return std::nullopt;
}

}  // namespace

std::optional<Error> NovaMapping::RequestToWire(const Message& hub, const CallFacts&, Message* wire,
                                                DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::EmbeddingRequest&>(hub);
  auto* out = static_cast<wire::NovaEmbedRequest*>(wire);
  out->set_task_type("SINGLE_EMBEDDING");
  wire::NovaEmbeddingParams* params = out->mutable_single_embedding_params();
  std::vector<std::string> texts;
  if (auto error = TakeTexts(request.input(), 1, "bedrock's nova", &texts)) return error;
  // A text that is too long is an error, as with OpenAI, unless the caller says otherwise.
  std::string truncation = "NONE";
  if (auto error = TakeExtras(request, params, &truncation, dropped)) return error;
  if (!params->has_embedding_purpose()) params->set_embedding_purpose(std::string(kPurposes[0].name));
  if (request.has_dimensions()) params->set_embedding_dimension(request.dimensions());
  const size_t given = texts.size() + static_cast<size_t>(params->extra_size());
  if (given == 0) return Refuse("missing_value", "there is no text to embed", "input");
  if (given > 1) {
    return Refuse("unsupported_value", "nova embeds one text, image, audio or video a request",
                  params->extra(params->extra_size() - 1).name());
  }
  if (texts.empty()) return std::nullopt;
  params->mutable_text()->set_truncation_mode(std::move(truncation));
  params->mutable_text()->set_value(std::move(texts.front()));
  return std::nullopt;
}

std::optional<Error> NovaMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                              Message* hub) const {
  const auto& answer = static_cast<const wire::NovaEmbedResponse&>(wire);
  auto* out = static_cast<api::EmbeddingResponse*>(hub);
  out->set_object("list");
  out->set_model(std::string(facts.model));
  if (answer.embeddings().empty()) return NoEmbeddings();
  for (const wire::NovaEmbedding& from : answer.embeddings()) {
    if (from.embedding().empty()) return NoEmbeddings();
    CopyExtras(from.extra(), AddVector(from.embedding(), facts, out));
  }
  const int64_t tokens = answer.has_input_token_count() ? answer.input_token_count() : facts.input_tokens;
  if (tokens >= 0) SetPromptTokens(tokens, out);
  CopyExtras(answer.extra(), out);
  return std::nullopt;
}

}  // namespace portolan::providers::bedrock
