#include "providers/dialects/minimax/minimax.h"

#include <array>

#include "providers/dialects/minimax/chat.h"
#include "providers/dialects/openai/openai.h"

namespace portolan::providers {
namespace {

class MiniMax final : public Dialect {
 public:
  std::string_view name() const override { return "minimax"; }
  std::span<const Form> forms() const override { return forms_; }
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

  const minimax::ChatMapping chat_;
  const std::array<Form, 1> forms_ = {Chat(chat_)};
};

}  // namespace

const Dialect& MiniMaxDialect() {
  static const MiniMax dialect;
  return dialect;
}

}  // namespace portolan::providers
