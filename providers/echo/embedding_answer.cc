#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "providers/echo/answer.h"
#include "providers/echo/reply.h"

namespace portolan::providers::echo {
namespace {

constexpr int kDefaultDimensions = 8;

std::string Base64(std::span<const float> values) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const auto at = [&](size_t k) { return k < bytes.size() ? static_cast<unsigned char>(bytes[k]) : 0u; };
    const unsigned group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    out += kAlphabet[group >> 18];
    out += kAlphabet[(group >> 12) & 63];
    out += i + 1 < bytes.size() ? kAlphabet[(group >> 6) & 63] : '=';
    out += i + 2 < bytes.size() ? kAlphabet[group & 63] : '=';
  }
  return out;
}

class EmbeddingAnswer final : public OneMessage {
 public:
  EmbeddingAnswer(const CallFacts& facts, Behavior behavior, const v1::EmbeddingRequest& request)
      : OneMessage(facts, behavior), request_(request) {}

 private:
  void Fill(Message* out) override {
    auto& response = static_cast<v1::EmbeddingResponse&>(*out);
    response.set_object("list");
    response.set_model(model_);
    const int dimensions =
        request_.has_dimensions() ? static_cast<int>(request_.dimensions()) : kDefaultDimensions;
    int64_t tokens = 0;
    for (const std::string& text : InputTexts(request_.input())) {
      tokens += CountTokens(text);
      v1::Embedding& embedding = *response.add_data();
      embedding.set_object("embedding");
      embedding.set_index(response.data_size() - 1);
      const std::vector<float> vector = Embed(text, dimensions);
      if (request_.encoding_format() == "base64") {
        embedding.mutable_embedding()->set_base64(Base64(vector));
      } else {
        for (const float value : vector)
          embedding.mutable_embedding()->mutable_floats()->add_values(static_cast<double>(value));
      }
    }
    response.mutable_usage()->set_prompt_tokens(tokens);
    response.mutable_usage()->set_total_tokens(tokens);
  }

  const v1::EmbeddingRequest& request_;
};

}  // namespace

std::unique_ptr<Answer> NewEmbeddingAnswer(const CallFacts& facts, Behavior behavior,
                                           const v1::EmbeddingRequest& request) {
  return std::make_unique<EmbeddingAnswer>(facts, behavior, request);
}

}  // namespace portolan::providers::echo
