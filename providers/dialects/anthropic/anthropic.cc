#include "providers/dialects/anthropic/anthropic.h"

#include <array>

#include "anthropic/v1/models.pb.h"
#include "anthropic/v1/request.pb.h"
#include "anthropic/v1/response.pb.h"
#include "anthropic/v1/tokens.pb.h"
#include "providers/dialects/anthropic/chat.h"
#include "providers/dialects/anthropic/door.h"
#include "providers/dialects/anthropic/errors.h"
#include "providers/dialects/anthropic/models.h"
#include "providers/dialects/anthropic/token_count.h"

namespace portolan::providers {
namespace {

namespace wire = ::anthropic::v1;

// In a stream the first report comes with `message_start`, the last with `message_delta`. Only calls of tools
// have ids.
Accounting Counted() {
  Accounting counted;
  counted.input = {"usage.input_tokens|message.usage.input_tokens",
                   "usage.cache_read_input_tokens|message.usage.cache_read_input_tokens",
                   "usage.cache_creation_input_tokens|message.usage.cache_creation_input_tokens"};
  counted.output = {"usage.output_tokens|message.usage.output_tokens"};
  counted.cached = {"usage.cache_read_input_tokens|message.usage.cache_read_input_tokens"};
  counted.reasoning = {"usage.output_tokens_details.thinking_tokens"};
  counted.finish = {"stop_reason", "delta.stop_reason"};
  counted.content = {"delta.text", "delta.thinking", "delta.partial_json", "content_block.id",
                     "content_block.data"};
  counted.error = {"error"};
  counted.end_path = "type";
  counted.end_value = "message_stop";
  return counted;
}

class Anthropic final : public Dialect {
 public:
  std::string_view name() const override { return "anthropic"; }
  std::span<const Form> forms() const override { return forms_; }
  const Door* door() const override { return &anthropic::TheDoor(); }

  Error ReadError(int http_status, std::span<const HeaderView> headers, std::string_view body,
                  const Target& target) const override {
    return anthropic::ClassifyAnswer(http_status, headers, body, target);
  }

 private:
  const anthropic::ChatMapping chat_;
  const anthropic::TokenCountMapping token_count_;
  const anthropic::ListModelsMapping list_models_;
  const anthropic::GetModelMapping get_model_;
  const std::array<Form, 4> forms_ = {
      Form{.operation = operation::kChat,
           .path = "/messages",
           .passes_query = true,
           .request = &wire::MessagesRequest::default_instance(),
           .answer = &wire::MessagesResponse::default_instance(),
           .event = &wire::StreamEvent::default_instance(),
           .end_event = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
           .accounting = Counted(),
           .mapping = &chat_},
      Form{.operation = operation::kCountTokens,
           .path = "/messages/count_tokens",
           .passes_query = true,
           .request = &wire::MessagesRequest::default_instance(),
           .answer = &wire::CountTokensResponse::default_instance(),
           .accounting = {.error = {"error"}},
           .mapping = &token_count_},
      // The most that one page holds.
      Form{.operation = operation::kListModels,
           .method = "GET",
           .path = "/models?limit=1000",
           .passes_query = true,
           .answer = &wire::ListModelsResponse::default_instance(),
           .mapping = &list_models_},
      Form{.operation = operation::kGetModel,
           .method = "GET",
           .path = "/models/{model}",
           .passes_query = true,
           .answer = &wire::Model::default_instance(),
           .mapping = &get_model_}};
};

}  // namespace

const Dialect& AnthropicDialect() {
  static const Anthropic dialect;
  return dialect;
}

}  // namespace portolan::providers
