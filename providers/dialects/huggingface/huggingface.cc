#include "providers/dialects/huggingface/huggingface.h"

#include <array>

#include "huggingface/v1/feature_extraction.pb.h"
#include "providers/dialects/huggingface/embedding.h"
#include "providers/dialects/openai/openai.h"

namespace portolan::providers {
namespace {

namespace wire = ::huggingface::v1;

class HuggingFace final : public Dialect {
 public:
  std::string_view name() const override { return "huggingface"; }
  std::span<const Form> forms() const override { return forms_; }

  // Its errors have OpenAI's place, as an object or as a text.
  Error ReadError(int http_status, std::span<const HeaderView> headers, std::string_view body,
                  const Target& target) const override {
    return OpenAiDialect().ReadError(http_status, headers, body, target);
  }

 private:
  const huggingface::EmbeddingMapping embedding_;
  const std::array<Form, 1> forms_ = {
      Form{.operation = operation::kEmbedding,
           // Beside the API that is OpenAI's, in which all else lies.
           .only_at_base_url = true,
           .without = "/v1",
           .path = "/hf-inference/models/{model=**}/pipeline/feature-extraction",
           .request = &wire::FeatureExtractionRequest::default_instance(),
           .answer = &wire::FeatureExtractionResponse::default_instance(),
           .accounting = {.error = {"error"}},
           .mapping = &embedding_,
           .max_inputs = huggingface::kMostTexts}};
};

}  // namespace

const Dialect& HuggingFaceDialect() {
  static const HuggingFace dialect;
  return dialect;
}

}  // namespace portolan::providers
