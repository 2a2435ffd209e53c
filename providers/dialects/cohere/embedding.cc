#include "providers/dialects/cohere/embedding.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "cohere/v1/embedding.pb.h"
#include "portolan/v1/embedding.pb.h"
#include "providers/classify.h"
#include "providers/dialects/common/base64.h"
#include "providers/dialects/common/embedding.h"
#include "providers/dialects/common/json.h"

namespace portolan::providers::cohere {
namespace {

namespace api = ::portolan::v1;
namespace wire = ::cohere::v1;

// What texts are unless the caller says: Cohere wants to know.
constexpr std::string_view kDefaultInputType = "search_document";

// Cohere's own members, which pass as the caller wrote them.
constexpr std::array<std::string_view, 5> kNative = {"images", "inputs", "max_tokens", "priority",
                                                     "truncate"};

Error Refuse(std::string_view code, std::string message, std::string param) {
  return Error::InvalidRequest(std::string(code), std::move(message), std::move(param));
}

std::optional<Error> TakeTexts(const api::TextInput& input, wire::EmbedRequest* out) {
  if (input.kind_case() == api::TextInput::kText) {
    out->add_texts(input.text());
  } else if (input.kind_case() == api::TextInput::kTexts) {
    for (const std::string& text : input.texts().items()) out->add_texts(text);
  } else if (input.kind_case() != api::TextInput::KIND_NOT_SET) {
    return Refuse("unsupported_value", "cohere embeds texts, not token ids", "input");
  }
  if (static_cast<size_t>(out->texts_size()) <= kMostTexts) return std::nullopt;
  return Refuse("unsupported_value", "cohere embeds at most 96 texts a request", "input");
}

// OpenAI's shape has room for one vector of each text.
std::optional<Error> TakeType(std::string_view json, wire::EmbedRequest* out) {
  std::string type;
  int count = 0;
  ForEachElement(json, [&](std::string_view element) {
    type = JsonText(element);
    ++count;
  });
  if (count != 1 || type.empty()) {
    return Refuse("unsupported_value", "expected a list of one type", "embedding_types");
  }
  out->add_embedding_types(std::move(type));
  return std::nullopt;
}

std::optional<Error> TakeExtras(const api::EmbeddingRequest& request, wire::EmbedRequest* out,
                                DroppedMembers* dropped) {
  for (const api::Extra& extra : request.extra()) {
    const std::string& name = extra.name();
    if (IsEmptyJson(extra.json())) continue;
    if (name == "embedding_types") {
      if (auto error = TakeType(extra.json(), out)) return error;
    } else if (name == "input_type") {
      out->set_input_type(JsonText(extra.json()));
      if (out->input_type().empty()) return Refuse("invalid_value", "expected a text", name);
    } else if (std::find(kNative.begin(), kNative.end(), name) != kNative.end()) {
      AddExtra(name, extra.json(), out->mutable_extra());
    } else {
      dropped->push_back(name);
    }
  }
  return std::nullopt;
}

api::Embedding* Add(api::EmbeddingResponse* out) {
  api::Embedding* to = out->add_data();
  to->set_object("embedding");
  to->set_index(out->data_size() - 1);
  return to;
}

void AddVectors(const google::protobuf::RepeatedPtrField<api::FloatVector>& vectors, bool base64,
                api::EmbeddingResponse* out) {
  for (const api::FloatVector& vector : vectors) {
    api::EmbeddingVector* to = Add(out)->mutable_embedding();
    if (base64) {
      to->set_base64(Base64Floats({vector.values().data(), static_cast<size_t>(vector.values_size())}));
    } else {
      *to->mutable_floats() = vector;
    }
  }
}

// Tokens that the model read; where these are not told, those that are paid for.
void TranslateUsage(const wire::Meta& meta, api::EmbeddingResponse* out) {
  const bool read = meta.tokens().has_input_tokens();
  const wire::MetaUnits& units = read ? meta.tokens() : meta.billed_units();
  if (!units.has_input_tokens()) return;
  SetPromptTokens(units.input_tokens(), out);
  const int64_t of_images = meta.billed_units().image_tokens();
  if (of_images > 0) out->mutable_usage()->mutable_prompt_tokens_details()->set_image_tokens(of_images);
}

}  // namespace

std::optional<Error> EmbeddingMapping::RequestToWire(const Message& hub, const CallFacts& facts,
                                                     Message* wire, DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::EmbeddingRequest&>(hub);
  auto* out = static_cast<wire::EmbedRequest*>(wire);
  if (facts.model.empty())
    return Refuse("missing_value", "cohere needs to know which model to call", "model");
  out->set_model(std::string(facts.model));
  if (auto error = TakeTexts(request.input(), out)) return error;
  if (auto error = TakeExtras(request, out, dropped)) return error;
  const bool other_input =
      !FindExtra(out->extra(), "images").empty() || !FindExtra(out->extra(), "inputs").empty();
  if (out->texts().empty() && !other_input) {
    return Refuse("missing_value", "there is no text to embed", "input");
  }
  if (!out->has_input_type()) out->set_input_type(std::string(kDefaultInputType));
  if (out->embedding_types().empty()) out->add_embedding_types("float");
  if (request.has_dimensions()) out->set_output_dimension(request.dimensions());
  if (!request.user().empty()) dropped->emplace_back("user");
  return std::nullopt;
}

std::optional<Error> EmbeddingMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                   Message* hub) const {
  const auto& answer = static_cast<const wire::EmbedResponse&>(wire);
  auto* out = static_cast<api::EmbeddingResponse*>(hub);
  out->set_object("list");
  out->set_model(std::string(facts.model));
  const wire::Vectors& vectors = answer.embeddings();
  AddVectors(vectors.float_(), facts.base64, out);
  // Whole numbers stay what they are, whatever the encoding.
  for (const auto* numbers : {&vectors.int8(), &vectors.uint8(), &vectors.binary(), &vectors.ubinary()}) {
    AddVectors(*numbers, false, out);
  }
  for (const std::string& text : vectors.base64()) Add(out)->mutable_embedding()->set_base64(text);
  if (out->data().empty()) {
    return BrokenAnswer("upstream_invalid_answer", "cohere answered with something that holds no embeddings");
  }
  TranslateUsage(answer.meta(), out);
  // Other hosts of its models tell them in the answer's head, or not at all: 0 then, since OpenAI's clients
  // find tokens in every answer.
  if (!out->has_usage()) SetPromptTokens(facts.input_tokens, out);
  CopyExtras(answer.extra(), out);
  return std::nullopt;
}

}  // namespace portolan::providers::cohere
