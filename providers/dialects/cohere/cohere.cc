#include "providers/dialects/cohere/cohere.h"

#include <array>

#include "cohere/v1/embedding.pb.h"
#include "cohere/v1/model.pb.h"
#include "cohere/v1/request.pb.h"
#include "cohere/v1/rerank.pb.h"
#include "cohere/v1/response.pb.h"
#include "portolan/v1/rerank.pb.h"
#include "providers/dialects/cohere/chat.h"
#include "providers/dialects/cohere/embedding.h"
#include "providers/dialects/cohere/errors.h"
#include "providers/dialects/cohere/models.h"
#include "providers/dialects/cohere/rerank.h"

namespace portolan::providers {
namespace {

namespace wire = ::cohere::v1;

// In a stream all that is counted comes with `message-end`. An error that came under a good status has a text
// as its message, where answers have an object.
Accounting CountedChat() {
  Accounting counted;
  counted.input = {"usage.tokens.input_tokens|delta.usage.tokens.input_tokens"};
  counted.output = {"usage.tokens.output_tokens|delta.usage.tokens.output_tokens"};
  counted.cached = {"usage.cached_tokens|delta.usage.cached_tokens"};
  counted.reasoning = {"usage.tokens.reasoning_tokens|delta.usage.tokens.reasoning_tokens"};
  counted.finish = {"finish_reason", "delta.finish_reason"};
  counted.content = {"message.content",
                     "message.tool_calls",
                     "delta.message.content.text",
                     "delta.message.content.thinking",
                     "delta.message.tool_plan",
                     "delta.message.tool_calls.id"};
  counted.error = {"delta.error"};
  return counted;
}

Accounting CountedEmbeddings() {
  Accounting counted;
  counted.input = {"meta.billed_units.input_tokens|meta.tokens.input_tokens"};
  counted.error = {"message"};
  return counted;
}

class Cohere final : public Dialect {
 public:
  std::string_view name() const override { return "cohere"; }
  std::span<const Form> forms() const override { return forms_; }

  Error ReadError(int http_status, std::span<const HeaderView> headers, std::string_view body,
                  const Target& target) const override {
    return cohere::ClassifyAnswer(http_status, headers, body, target);
  }

 private:
  const cohere::ChatMapping chat_;
  const cohere::EmbeddingMapping embedding_;
  const cohere::RerankMapping rerank_;
  const cohere::ListModelsMapping list_models_;
  const cohere::GetModelMapping get_model_;
  const std::array<Form, 5> forms_ = {Form{.operation = operation::kChat,
                                           .path = "/v2/chat",
                                           .request = &wire::ChatRequest::default_instance(),
                                           .answer = &wire::ChatResponse::default_instance(),
                                           .event = &wire::StreamEvent::default_instance(),
                                           .end = "[DONE]",
                                           .end_event = "data: [DONE]\n\n",
                                           .accounting = CountedChat(),
                                           .mapping = &chat_,
                                           .fetches_media = true},
                                      Form{.operation = operation::kEmbedding,
                                           .path = "/v2/embed",
                                           .request = &wire::EmbedRequest::default_instance(),
                                           .answer = &wire::EmbedResponse::default_instance(),
                                           .accounting = CountedEmbeddings(),
                                           .mapping = &embedding_,
                                           .max_inputs = cohere::kMostTexts},
                                      Form{.operation = operation::kRerank,
                                           .path = "/v2/rerank",
                                           .request = &wire::RerankRequest::default_instance(),
                                           .answer = &v1::RerankResponse::default_instance(),
                                           .accounting = {.error = {"message"}},
                                           .mapping = &rerank_},
                                      // The most that one page holds.
                                      Form{.operation = operation::kListModels,
                                           .method = "GET",
                                           .path = "/v1/models?page_size=1000",
                                           .passes_query = true,
                                           .answer = &wire::ListModelsResponse::default_instance(),
                                           .accounting = {.error = {"message"}},
                                           .mapping = &list_models_},
                                      Form{.operation = operation::kGetModel,
                                           .method = "GET",
                                           .path = "/v1/models/{model}",
                                           .answer = &wire::Model::default_instance(),
                                           .accounting = {.error = {"message"}},
                                           .mapping = &get_model_}};
};

}  // namespace

const Dialect& CohereDialect() {
  static const Cohere dialect;
  return dialect;
}

}  // namespace portolan::providers
