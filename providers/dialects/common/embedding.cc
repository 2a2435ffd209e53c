#include "providers/dialects/common/embedding.h"

#include <algorithm>

#include "providers/dialects/common/base64.h"

namespace portolan::providers {

std::optional<Error> TakeTexts(const v1::TextInput& input, size_t most, std::string_view provider,
                               std::vector<std::string>* texts) {
  const std::string who(provider);
  if (input.kind_case() == v1::TextInput::kText) {
    texts->push_back(input.text());
  } else if (input.kind_case() == v1::TextInput::kTexts) {
    texts->assign(input.texts().items().begin(), input.texts().items().end());
  } else if (input.kind_case() != v1::TextInput::KIND_NOT_SET) {
    return Error::InvalidRequest("unsupported_value", who + " embeds texts, not token ids", "input");
  }
  if (texts->size() > most) {
    const std::string bound = most == 1 ? "one text" : std::to_string(most) + " texts";
    return Error::InvalidRequest("unsupported_value", who + " embeds at most " + bound + " a request",
                                 "input");
  }
  return std::nullopt;
}

v1::Embedding* AddVector(const google::protobuf::RepeatedField<double>& values, const CallFacts& facts,
                         v1::EmbeddingResponse* out) {
  v1::Embedding* to = out->add_data();
  to->set_object("embedding");
  to->set_index(out->data_size() - 1);
  if (!out->has_usage()) SetPromptTokens(0, out);  // OpenAI's clients find tokens in every answer
  WriteVector({values.data(), static_cast<size_t>(values.size())}, facts.base64, to->mutable_embedding());
  return to;
}

void WriteVector(std::span<const double> values, bool base64, v1::EmbeddingVector* vector) {
  if (base64) {
    vector->set_base64(Base64Floats(values));
  } else {
    vector->mutable_floats()->mutable_values()->Assign(values.begin(), values.end());
  }
}

void WriteInBase64(v1::EmbeddingResponse* answer) {
  for (v1::Embedding& one : *answer->mutable_data()) {
    const auto& floats = one.embedding().floats().values();
    if (floats.empty()) continue;
    const std::vector<double> values(floats.begin(), floats.end());
    WriteVector(values, /*base64=*/true, one.mutable_embedding());
  }
}

void WriteAsNumbers(int64_t dimensions, v1::EmbeddingResponse* answer) {
  std::vector<std::vector<double>> vectors;
  for (const v1::Embedding& one : answer->data()) {
    std::vector<double>& values = vectors.emplace_back();
    if (!one.embedding().has_base64()) continue;
    if (!ReadBase64Floats(one.embedding().base64(), &values)) return;
    if (dimensions != 0 && static_cast<int64_t>(values.size()) != dimensions) return;
  }
  for (int i = 0; i < answer->data_size(); ++i) {
    const std::vector<double>& values = vectors[static_cast<size_t>(i)];
    if (values.empty()) continue;
    WriteVector(values, /*base64=*/false, answer->mutable_data(i)->mutable_embedding());
  }
}

void SetPromptTokens(int64_t tokens, v1::EmbeddingResponse* out) {
  tokens = std::max<int64_t>(tokens, 0);
  out->mutable_usage()->set_prompt_tokens(tokens);
  out->mutable_usage()->set_total_tokens(tokens);
}

}  // namespace portolan::providers
