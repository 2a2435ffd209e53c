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
  if (facts.base64) {
    to->mutable_embedding()->set_base64(Base64Floats({values.data(), static_cast<size_t>(values.size())}));
  } else {
    *to->mutable_embedding()->mutable_floats()->mutable_values() = values;
  }
  return to;
}

void SetPromptTokens(int64_t tokens, v1::EmbeddingResponse* out) {
  tokens = std::max<int64_t>(tokens, 0);
  out->mutable_usage()->set_prompt_tokens(tokens);
  out->mutable_usage()->set_total_tokens(tokens);
}

}  // namespace portolan::providers
