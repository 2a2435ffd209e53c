#include "providers/dialects/mistral/mistral.h"

#include <array>

#include "portolan/v1/completion.pb.h"
#include "providers/dialects/mistral/chat.h"
#include "providers/dialects/mistral/fim.h"
#include "providers/dialects/openai/openai.h"

namespace portolan::providers {
namespace {

class Mistral final : public Dialect {
 public:
  std::string_view name() const override { return "mistral"; }
  std::span<const Form> forms() const override { return forms_; }
  // Its answers are a chat's in OpenAI's words, and so are its errors.
  bool is_hub() const override { return true; }

  Error ReadError(int http_status, std::span<const HeaderView> headers, std::string_view body,
                  const Target& target) const override {
    return OpenAiDialect().ReadError(http_status, headers, body, target);
  }

 private:
  static Form Chat(const Mapping& mapping) {
    Form form = *OpenAiDialect().Find(operation::kChat);
    form.mapping = &mapping;
    return form;
  }

  // As those of a chat, but for what is asked and where.
  static Form Fim(const Mapping& mapping) {
    Form form = *OpenAiDialect().Find(operation::kChat);
    form.operation = operation::kCompletion;
    form.path = "/fim/completions";
    form.request = &v1::CompletionRequest::default_instance();
    form.mapping = &mapping;
    return form;
  }

  const mistral::ChatMapping chat_;
  const mistral::FimMapping fim_;
  const std::array<Form, 2> forms_ = {Chat(chat_), Fim(fim_)};
};

}  // namespace

const Dialect& MistralDialect() {
  static const Mistral dialect;
  return dialect;
}

}  // namespace portolan::providers
