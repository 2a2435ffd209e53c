#include "providers/dialects/palm/palm.h"

#include <array>

#include "palm/v1/palm.pb.h"
#include "providers/dialects/google/errors.h"
#include "providers/dialects/palm/chat.h"
#include "providers/dialects/palm/completion.h"
#include "providers/dialects/palm/embedding.h"

namespace portolan::providers {
namespace {

namespace wire = ::palm::v1;

// Models stand in this folder, unless their name has one (`tunedModels/…`).
constexpr std::string_view kFolder = "models/";

// Nothing is counted; no candidate says why it ends.
Accounting CountedCandidates(std::string_view text) {
  Accounting counted;
  counted.content = {text};
  counted.error = {"error"};
  return counted;
}

class Palm final : public Dialect {
 public:
  std::string_view name() const override { return "palm"; }
  std::span<const Form> forms() const override { return forms_; }

  // Its errors are those of Google's other APIs.
  Error ReadError(int http_status, std::span<const HeaderView> headers, std::string_view body,
                  const Target& target) const override {
    return gemini::ClassifyAnswer(http_status, headers, body, target);
  }

 private:
  const palm::ChatMapping chat_;
  const palm::CompletionMapping completion_;
  const palm::EmbeddingMapping embedding_;
  const std::array<Form, 3> forms_ = {Form{.operation = operation::kChat,
                                           .path = "/{model=**}:generateMessage",
                                           .model_folder = kFolder,
                                           .request = &wire::GenerateMessageRequest::default_instance(),
                                           .answer = &wire::GenerateMessageResponse::default_instance(),
                                           .accounting = CountedCandidates("candidates[].content"),
                                           .mapping = &chat_},
                                      Form{.operation = operation::kCompletion,
                                           .path = "/{model=**}:generateText",
                                           .model_folder = kFolder,
                                           .request = &wire::GenerateTextRequest::default_instance(),
                                           .answer = &wire::GenerateTextResponse::default_instance(),
                                           .accounting = CountedCandidates("candidates[].output"),
                                           .mapping = &completion_},
                                      Form{.operation = operation::kEmbedding,
                                           .path = "/{model=**}:embedText",
                                           .model_folder = kFolder,
                                           .request = &wire::EmbedTextRequest::default_instance(),
                                           .answer = &wire::EmbedTextResponse::default_instance(),
                                           .accounting = {.error = {"error"}},
                                           .mapping = &embedding_,
                                           .max_inputs = 1}};
};

}  // namespace

const Dialect& PalmDialect() {
  static const Palm dialect;
  return dialect;
}

}  // namespace portolan::providers
