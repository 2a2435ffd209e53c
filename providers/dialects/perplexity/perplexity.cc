#include "providers/dialects/perplexity/perplexity.h"

#include <array>

#include "providers/dialects/openai/openai.h"
#include "providers/dialects/perplexity/embedding.h"

namespace portolan::providers {
namespace {

class Perplexity final : public Dialect {
 public:
  std::string_view name() const override { return "perplexity"; }
  std::span<const Form> forms() const override { return forms_; }

  Error ReadError(int http_status, std::span<const HeaderView> headers, std::string_view body,
                  const Target& target) const override {
    return OpenAiDialect().ReadError(http_status, headers, body, target);
  }

 private:
  static Form Embeddings(const Mapping& mapping, std::string_view style = {}) {
    Form form = *OpenAiDialect().Find(operation::kEmbedding);
    form.style = style;
    form.mapping = &mapping;
    form.max_inputs = perplexity::kMostTexts;
    return form;
  }

  const perplexity::EmbeddingMapping numbers_{perplexity::Vectors::kNumbers};
  const perplexity::EmbeddingMapping own_{perplexity::Vectors::kOwnEncodings};
  const std::array<Form, 2> forms_ = {Embeddings(numbers_), Embeddings(own_, kPerplexityEncodings)};
};

}  // namespace

const Dialect& PerplexityDialect() {
  static const Perplexity dialect;
  return dialect;
}

}  // namespace portolan::providers
