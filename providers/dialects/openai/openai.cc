#include "providers/dialects/openai/openai.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/completion.pb.h"
#include "portolan/v1/embedding.pb.h"
#include "portolan/v1/model.pb.h"
#include "portolan/v1/rerank.pb.h"
#include "portolan/v1/token_count.pb.h"
#include "providers/classify.h"
#include "providers/dialects/openai/errors.h"
#include "providers/dialects/openai/native.h"
#include "providers/provider.h"

namespace portolan::providers {
namespace {

constexpr std::string_view kDone = "[DONE]";
constexpr std::string_view kDoneEvent = "data: [DONE]\n\n";

template <typename M>
const Message* Of() {
  return &M::default_instance();
}

Accounting Counted() {
  Accounting counted;
  counted.input = {"usage.prompt_tokens"};
  counted.output = {"usage.completion_tokens"};
  counted.cached = {"usage.prompt_tokens_details.cached_tokens"};
  counted.reasoning = {"usage.completion_tokens_details.reasoning_tokens"};
  counted.error = {"error"};
  return counted;
}

// Some count the prompt's tokens, others only all of them, which are the same.
Accounting CountedRerank() {
  Accounting counted;
  counted.input = {"usage.prompt_tokens|usage.total_tokens|meta.tokens.input_tokens"};
  counted.error = {"error"};
  return counted;
}

// Content is the first text, reasoning, tool call, refusal or audio that is not empty; a role alone is not.
Accounting CountedChoices() {
  Accounting counted = Counted();
  counted.by_hand = true;
  counted.choices = "choices[]";
  counted.index = "choices[].index";
  counted.finish = {"choices[].finish_reason"};
  counted.content = {"choices[].delta.*", "choices[].text"};
  counted.not_content = {"choices[].delta.role", "choices[].delta.type"};
  return counted;
}

std::array<Form, 7> MakeForms() {
  return {Form{.operation = operation::kChat,
               .path = "/chat/completions",
               .request = Of<v1::ChatCompletionRequest>(),
               .answer = Of<v1::ChatCompletion>(),
               .event = Of<v1::ChatCompletionChunk>(),
               .end = kDone,
               .end_event = kDoneEvent,
               .accounting = CountedChoices()},
          Form{.operation = operation::kCompletion,
               .path = "/completions",
               .request = Of<v1::CompletionRequest>(),
               .answer = Of<v1::Completion>(),
               .event = Of<v1::Completion>(),
               .end = kDone,
               .end_event = kDoneEvent,
               .accounting = CountedChoices()},
          Form{.operation = operation::kEmbedding,
               .path = "/embeddings",
               .request = Of<v1::EmbeddingRequest>(),
               .answer = Of<v1::EmbeddingResponse>(),
               .accounting = Counted()},
          // Not OpenAI's, but said alike by many that speak its dialect.
          Form{.operation = operation::kRerank,
               .must_be_named = true,
               .own_hosts_may_have_it = true,
               .path = "/rerank",
               .request = Of<v1::RerankRequest>(),
               .answer = Of<v1::RerankResponse>(),
               .accounting = CountedRerank()},
          // The gateway's own: OpenAI's API counts no tokens of a chat.
          Form{.operation = operation::kCountTokens,
               .must_be_named = true,
               .path = "/chat/completions/count_tokens",
               .request = Of<v1::ChatCompletionRequest>(),
               .answer = Of<v1::TokenCount>(),
               .accounting = {.error = {"error"}}},
          Form{.operation = operation::kListModels,
               .method = "GET",
               .path = "/models",
               .passes_query = true,
               .answer = Of<v1::ModelList>(),
               .accounting = Counted()},
          Form{.operation = operation::kGetModel,
               .method = "GET",
               .path = "/models/{model=**}",
               .passes_query = true,
               .answer = Of<v1::Model>(),
               .accounting = Counted()}};
}

class OpenAi final : public Dialect {
 public:
  std::string_view name() const override { return "openai"; }
  std::span<const Form> forms() const override { return forms_; }
  bool is_hub() const override { return true; }
  const Door* door() const override { return &openai::TheDoor(); }

  std::optional<Error> ToNative(std::string_view operation, const Provider& provider, Message* hub,
                                DroppedMembers* dropped) const override {
    if (operation != operation::kChat) return std::nullopt;
    const bool keeps = std::any_of(provider.rules.begin(), provider.rules.end(), [](const BodyRule& rule) {
      return rule.kind == BodyRule::Kind::kKeepsReasoning;
    });
    return openai::MakeNative(
        static_cast<v1::ChatCompletionRequest*>(hub),
        {.reasoning = keeps, .top_k = provider.OtherWayFor(operation, "top_k") != nullptr}, dropped);
  }

  Error ReadError(int http_status, std::span<const HeaderView> headers, std::string_view body,
                  const Target& target) const override {
    ErrorMembers members;
    ReadErrorText(body, &members);
    Error error =
        AnsweredError(http_status, std::move(members.code), std::move(members.message), headers, target);
    if (!members.type.empty()) error.type = std::move(members.type);
    error.param = std::move(members.param);
    return error;
  }

 private:
  const std::array<Form, 7> forms_ = MakeForms();
};

}  // namespace

const Dialect& OpenAiDialect() {
  static const OpenAi dialect;
  return dialect;
}

}  // namespace portolan::providers
