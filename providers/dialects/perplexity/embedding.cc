#include "providers/dialects/perplexity/embedding.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "portolan/v1/embedding.pb.h"
#include "providers/classify.h"
#include "providers/dialects/common/embedding.h"

namespace portolan::providers::perplexity {
namespace {

namespace api = ::portolan::v1;

constexpr std::string_view kFormat = "encoding_format";

bool IsOpenAis(std::string_view format) { return format.empty() || format == "float" || format == "base64"; }

void AskForNumbers(api::EmbeddingRequest* request) {
  // Where the caller's is null it stands here.
  auto* const extras = request->mutable_extra();
  extras->erase(std::remove_if(extras->begin(), extras->end(),
                               [](const api::Extra& extra) { return extra.name() == kFormat; }),
                extras->end());
  request->set_encoding_format("base64_int8");
}

// The vector that came becomes what the caller asked for: one number for each byte, from -128 to 127, as it
// is. False if there is none.
bool ReadVector(bool base64, api::EmbeddingVector* vector) {
  std::vector<double> values;
  if (vector->has_base64()) {
    const std::string& text = vector->base64();
    std::string bytes;
    if (!absl::Base64Unescape(absl::string_view(text.data(), text.size()), &bytes)) return false;
    values.reserve(bytes.size());
    for (const char byte : bytes) values.push_back(static_cast<signed char>(byte));
  } else {
    values.assign(vector->floats().values().begin(), vector->floats().values().end());
  }
  WriteVector(values, base64, vector);
  return !values.empty();
}

}  // namespace

std::optional<Error> EmbeddingMapping::RequestToWire(const Message& hub, const CallFacts&, Message* wire,
                                                     DroppedMembers*) const {
  const auto& request = static_cast<const api::EmbeddingRequest&>(hub);
  if (vectors_ == Vectors::kNumbers && !IsOpenAis(request.encoding_format())) {
    return Error::InvalidRequest(
        "unsupported_value", "perplexity has encodings of its own, but by name alone", std::string(kFormat));
  }
  const auto input = request.input().kind_case();
  if (input == api::TextInput::kTokens || input == api::TextInput::kTokenLists) {
    return Error::InvalidRequest("unsupported_value", "perplexity embeds texts, not token ids", "input");
  }
  auto* const out = static_cast<api::EmbeddingRequest*>(wire);
  *out = request;
  if (vectors_ == Vectors::kNumbers) AskForNumbers(out);
  return std::nullopt;
}

std::optional<Error> EmbeddingMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                   Message* hub) const {
  auto* const out = static_cast<api::EmbeddingResponse*>(hub);
  *out = static_cast<const api::EmbeddingResponse&>(wire);
  bool good = !out->data().empty();
  for (api::Embedding& one : *out->mutable_data()) {
    good = good && one.has_embedding();
    if (good && vectors_ == Vectors::kNumbers) good = ReadVector(facts.base64, one.mutable_embedding());
  }
  if (good) return std::nullopt;
  return BrokenAnswer("upstream_invalid_answer",
                      "perplexity answered with something that holds no embeddings");
}

}  // namespace portolan::providers::perplexity
