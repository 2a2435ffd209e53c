#include "providers/dialects/google/google.h"

#include <array>

#include "gemini/v1/embedding.pb.h"
#include "gemini/v1/model.pb.h"
#include "gemini/v1/predict.pb.h"
#include "gemini/v1/request.pb.h"
#include "gemini/v1/response.pb.h"
#include "gemini/v1/tokens.pb.h"
#include "providers/dialects/google/chat.h"
#include "providers/dialects/google/embedding.h"
#include "providers/dialects/google/errors.h"
#include "providers/dialects/google/models.h"
#include "providers/dialects/google/token_count.h"
#include "providers/dialects/google/vertex_embedding.h"

namespace portolan::providers {
namespace {

namespace wire = ::gemini::v1;

// Models stand in this folder, unless their name has one.
constexpr std::string_view kFolder = "models/";

// Thoughts are not among the candidates' tokens, nor are prompts of Google's own tools in the prompt's.
Accounting Counted() {
  Accounting counted;
  counted.input = {"usageMetadata.promptTokenCount", "usageMetadata.toolUsePromptTokenCount"};
  counted.output = {"usageMetadata.candidatesTokenCount", "usageMetadata.thoughtsTokenCount"};
  counted.cached = {"usageMetadata.cachedContentTokenCount"};
  counted.reasoning = {"usageMetadata.thoughtsTokenCount"};
  counted.error = {"error"};
  return counted;
}

Accounting CountedCandidates() {
  Accounting counted = Counted();
  counted.choices = "candidates[]";
  counted.index = "candidates[].index";
  counted.finish = {"candidates[].finishReason"};
  counted.content = {"candidates[].content.parts[].*"};
  counted.not_content = {"candidates[].content.parts[].thought",
                         "candidates[].content.parts[].thoughtSignature"};
  return counted;
}

Accounting CountedPredictions() {
  Accounting counted;
  counted.input = {"predictions[].embeddings.statistics.token_count"};
  counted.error = {"error"};
  return counted;
}

class Google final : public Dialect {
 public:
  std::string_view name() const override { return "google"; }
  std::span<const Form> forms() const override { return forms_; }

  Error ReadError(int http_status, std::span<const HeaderView> headers, std::string_view body,
                  const Target& target) const override {
    return gemini::ClassifyAnswer(http_status, headers, body, target);
  }

 private:
  const gemini::ChatMapping chat_{gemini::ChatMapping::Host::kGeminiApi};
  const gemini::ChatMapping vertex_chat_{gemini::ChatMapping::Host::kVertex};
  const gemini::EmbeddingMapping embedding_;
  const gemini::PredictMapping predict_;
  const gemini::EmbedOneMapping embed_one_;
  const gemini::TokenCountMapping token_count_;
  const gemini::ListModelsMapping list_models_;
  const gemini::GetModelMapping get_model_;
  const std::array<Form, 8> forms_ = {Form{.operation = operation::kChat,
                                           .path = "/{model=**}:generateContent",
                                           .stream_path = "/{model=**}:streamGenerateContent?alt=sse",
                                           .model_folder = kFolder,
                                           .request = &wire::GenerateContentRequest::default_instance(),
                                           .answer = &wire::GenerateContentResponse::default_instance(),
                                           .event = &wire::GenerateContentResponse::default_instance(),
                                           .accounting = CountedCandidates(),
                                           .mapping = &chat_},
                                      Form{.operation = operation::kEmbedding,
                                           .path = "/{model=**}:batchEmbedContents",
                                           .model_folder = kFolder,
                                           .request = &wire::BatchEmbedContentsRequest::default_instance(),
                                           .answer = &wire::BatchEmbedContentsResponse::default_instance(),
                                           .accounting = Counted(),
                                           .mapping = &embedding_,
                                           .max_inputs = gemini::kMostTexts},
                                      Form{.operation = operation::kCountTokens,
                                           .path = "/{model=**}:countTokens",
                                           .model_folder = kFolder,
                                           .request = &wire::CountTokensRequest::default_instance(),
                                           .answer = &wire::CountTokensResponse::default_instance(),
                                           .accounting = {.error = {"error"}},
                                           .mapping = &token_count_},
                                      // The most that one page holds.
                                      Form{.operation = operation::kListModels,
                                           .method = "GET",
                                           .path = "/models?pageSize=1000",
                                           .answer = &wire::ListModelsResponse::default_instance(),
                                           .mapping = &list_models_},
                                      Form{.operation = operation::kGetModel,
                                           .method = "GET",
                                           .path = "/{model=**}",
                                           .model_folder = kFolder,
                                           .answer = &wire::Model::default_instance(),
                                           .mapping = &get_model_},
                                      // Vertex AI, whose rows say where they are.
                                      Form{.operation = operation::kChat,
                                           .style = "vertex",
                                           .request = &wire::GenerateContentRequest::default_instance(),
                                           .answer = &wire::GenerateContentResponse::default_instance(),
                                           .event = &wire::GenerateContentResponse::default_instance(),
                                           .accounting = CountedCandidates(),
                                           .mapping = &vertex_chat_},
                                      Form{.operation = operation::kEmbedding,
                                           .style = "predict",
                                           .request = &wire::PredictRequest::default_instance(),
                                           .answer = &wire::PredictResponse::default_instance(),
                                           .accounting = CountedPredictions(),
                                           .mapping = &predict_,
                                           .max_inputs = gemini::kMostInstances},
                                      Form{.operation = operation::kEmbedding,
                                           .style = "embed_content",
                                           .request = &wire::EmbedOneRequest::default_instance(),
                                           .answer = &wire::EmbedOneResponse::default_instance(),
                                           .accounting = Counted(),
                                           .mapping = &embed_one_,
                                           .max_inputs = 1}};
};

}  // namespace

const Dialect& GoogleDialect() {
  static const Google dialect;
  return dialect;
}

}  // namespace portolan::providers
