#include "providers/dialects/ollama/ollama.h"

#include <array>
#include <string>

#include "ollama/v1/chat.pb.h"
#include "providers/classify.h"
#include "providers/dialects/ollama/chat.h"
#include "providers/error_text.h"

namespace portolan::providers {
namespace {

namespace wire = ::ollama::v1;

// Counts, and why the answer ends, come with the last piece. An error under a good status is a text.
Accounting CountedChat() {
  Accounting counted;
  counted.input = {"prompt_eval_count"};
  counted.output = {"eval_count"};
  counted.finish = {"done_reason"};
  counted.content = {"message.content", "message.thinking", "message.tool_calls"};
  counted.error = {"error"};
  return counted;
}

class Ollama final : public Dialect {
 public:
  std::string_view name() const override { return "ollama"; }
  std::span<const Form> forms() const override { return forms_; }

  Error ReadError(int http_status, std::span<const HeaderView> headers, std::string_view body,
                  const Target& target) const override {
    ErrorMembers members;
    ReadErrorText(body, &members);
    return AnsweredError(http_status, std::move(members.code), std::move(members.message), headers, target);
  }

 private:
  const ollama::ChatMapping chat_;
  const std::array<Form, 1> forms_ = {Form{.operation = operation::kChat,
                                           .without = "/v1",
                                           .path = "/api/chat",
                                           .request = &wire::ChatRequest::default_instance(),
                                           .answer = &wire::ChatResponse::default_instance(),
                                           .event = &wire::ChatResponse::default_instance(),
                                           .framing = Framing::kNdjson,
                                           .accounting = CountedChat(),
                                           .mapping = &chat_,
                                           .fetches_media = true}};
};

}  // namespace

const Dialect& OllamaDialect() {
  static const Ollama dialect;
  return dialect;
}

}  // namespace portolan::providers
