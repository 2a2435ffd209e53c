#include "providers/dialects/watsonx/watsonx.h"

#include <array>
#include <string>

#include "providers/classify.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/openai/openai.h"
#include "providers/dialects/watsonx/chat.h"
#include "providers/dialects/watsonx/embedding.h"
#include "providers/dialects/watsonx/models.h"
#include "providers/dialects/watsonx/rerank.h"
#include "watsonx/v1/embedding.pb.h"
#include "watsonx/v1/model.pb.h"
#include "watsonx/v1/rerank.pb.h"

namespace portolan::providers {
namespace {

namespace wire = ::watsonx::v1;
using codec::Edit;

class Watsonx final : public Dialect {
 public:
  std::string_view name() const override { return "watsonx"; }
  std::span<const Form> forms() const override { return forms_; }

  // `{"errors":[{"code":"model_not_supported","message":"…","more_info":"https://…"}],"trace":"…"}`; what
  // stands before the service answers in other words.
  Error ReadError(int http_status, std::span<const HeaderView> headers, std::string_view body,
                  const Target& target) const override {
    Error error = OpenAiDialect().ReadError(http_status, headers, body, target);
    bool first = true;
    ForEachElement(JsonMember(body, "errors"), [&](std::string_view one) {
      const std::string code = JsonText(JsonMember(one, "code"));
      const std::string message = JsonText(JsonMember(one, "message"));
      if (first && !code.empty()) error.code = code;
      if (first && !message.empty()) error.message = message.substr(0, kMaxErrorMessage);
      first = false;
    });
    return error;
  }

 private:
  // Whoever pays stands in the body.
  static std::vector<Edit> Payer() {
    return {{Edit::Kind::kSet, "project_id", "{watsonx_project_id}"},
            {Edit::Kind::kSet, "space_id", "{watsonx_space_id}"}};
  }

  static Form Chat(const Mapping& mapping) {
    Form form = *OpenAiDialect().Find(operation::kChat);
    form.path = "/ml/v1/text/chat?version={watsonx_version}";
    form.stream_path = "/ml/v1/text/chat_stream?version={watsonx_version}";
    form.accounting.by_hand = false;
    form.accounting.error = {"errors"};
    form.mapping = &mapping;
    form.body_edits = Payer();
    return form;
  }

  const watsonx::ChatMapping chat_;
  const watsonx::EmbeddingMapping embedding_;
  const watsonx::RerankMapping rerank_;
  const watsonx::ListModelsMapping list_models_;
  const watsonx::GetModelMapping get_model_;
  const std::array<Form, 5> forms_ = {
      Chat(chat_),
      Form{.operation = operation::kEmbedding,
           .path = "/ml/v1/text/embeddings?version={watsonx_version}",
           .request = &wire::EmbeddingsRequest::default_instance(),
           .answer = &wire::EmbeddingsResponse::default_instance(),
           .accounting = {.input = {"input_token_count"}, .error = {"errors"}},
           .mapping = &embedding_,
           .max_inputs = watsonx::kMostTexts,
           .body_edits = Payer()},
      Form{.operation = operation::kRerank,
           .path = "/ml/v1/text/rerank?version={watsonx_version}",
           .request = &wire::RerankRequest::default_instance(),
           .answer = &wire::RerankResponse::default_instance(),
           .accounting = {.input = {"input_token_count"}, .error = {"errors"}},
           .mapping = &rerank_,
           .body_edits = Payer()},
      // The most that one page holds.
      Form{.operation = operation::kListModels,
           .method = "GET",
           .path = "/ml/v1/foundation_model_specs?version={watsonx_version}&limit=200",
           .passes_query = true,
           .answer = &wire::FoundationModels::default_instance(),
           .accounting = {.error = {"errors"}},
           .mapping = &list_models_},
      Form{.operation = operation::kGetModel,
           .method = "GET",
           .path = "/ml/v1/foundation_model_specs?version={watsonx_version}&filters=modelid_{model=**}",
           .answer = &wire::FoundationModels::default_instance(),
           .accounting = {.error = {"errors"}},
           .mapping = &get_model_}};
};

}  // namespace

const Dialect& WatsonxDialect() {
  static const Watsonx dialect;
  return dialect;
}

}  // namespace portolan::providers
