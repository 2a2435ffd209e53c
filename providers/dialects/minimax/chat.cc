#include "providers/dialects/minimax/chat.h"

#include <absl/container/flat_hash_map.h>

#include <string>
#include <utility>

#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/classify.h"
#include "providers/dialects/common/extras.h"
#include "providers/dialects/common/think_tags.h"
#include "providers/dialects/minimax/errors.h"
#include "providers/dialects/openai/native.h"

namespace portolan::providers::minimax {
namespace {

namespace api = ::portolan::v1;

// What a caller who asked for `reasoning_split` sends back.
constexpr std::string_view kOwnReasoning = "reasoning_details";

void PutReasoningBack(api::Message* message) {
  std::string reasoning = std::move(message->has_reasoning_content() ? *message->mutable_reasoning_content()
                                                                     : *message->mutable_reasoning());
  message->clear_reasoning_content();
  message->clear_reasoning();
  if (reasoning.empty()) return;
  // A null is kept among the members that are not known.
  RemoveExtra("content", message->mutable_extra());
  api::Content* const content = message->mutable_content();
  if (content->kind_case() != api::Content::kParts) {
    *content->mutable_text() = WithThinkTags(reasoning, content->text());
    return;
  }
  auto* const parts = content->mutable_parts()->mutable_items();
  api::ContentPart* const first = parts->Add();
  first->set_type("text");
  first->set_text(WithThinkTags(reasoning, {}));
  for (int i = parts->size() - 1; i > 0; --i) parts->SwapElements(i, i - 1);
}

// To a message, or to a piece of one.
template <typename M>
void AddReasoning(std::string reasoning, M* message) {
  RemoveExtra("reasoning_content", message->mutable_extra());  // a null
  message->set_reasoning_content(std::move(reasoning));
}

void TakeReasoningOut(api::Message* message) {
  if (message->content().kind_case() != api::Content::kText) return;
  std::string reasoning;
  std::string content;
  ThinkSplitter splitter;
  splitter.Take(message->content().text(), &reasoning, &content);
  splitter.End(&reasoning, &content);
  message->mutable_content()->set_text(std::move(content));
  if (!reasoning.empty()) AddReasoning(std::move(reasoning), message);
}

class ChatEvents final : public EventsToHub {
 public:
  explicit ChatEvents(bool include_usage) : include_usage_(include_usage) {}

  std::optional<Error> OnEvent(const Message& event, MessageSink& out, State* /*state*/) override {
    const auto& said = static_cast<const api::ChatCompletionChunk&>(event);
    if (auto error = ErrorInAnswer(said.extra())) return error;
    if (!include_usage_ && said.has_usage() && said.choices().empty()) return std::nullopt;
    auto* const chunk = static_cast<api::ChatCompletionChunk*>(out.Add());
    *chunk = said;
    for (api::ChatChunkChoice& choice : *chunk->mutable_choices()) Split(&choice);
    return std::nullopt;
  }

  // What was held back came with the reason why the answer ends.
  std::optional<Error> OnEnd(MessageSink&) override { return std::nullopt; }
  TokenUsage Tokens() const override { return {}; }

 private:
  void Split(api::ChatChunkChoice* choice) {
    const bool ends = !choice->finish_reason().empty();
    if (!ends && !choice->delta().has_content()) return;
    ThinkSplitter& splitter = splitters_[choice->index()];
    std::string reasoning;
    std::string content;
    splitter.Take(choice->delta().content(), &reasoning, &content);
    if (ends) splitter.End(&reasoning, &content);
    if (!content.empty()) {
      RemoveExtra("content", choice->mutable_delta()->mutable_extra());  // a null
      choice->mutable_delta()->set_content(std::move(content));
    } else if (choice->has_delta()) {
      choice->mutable_delta()->clear_content();
    }
    if (!reasoning.empty()) AddReasoning(std::move(reasoning), choice->mutable_delta());
  }

  const bool include_usage_;
  absl::flat_hash_map<int32_t, ThinkSplitter> splitters_;  // by choice
};

}  // namespace

std::optional<Error> ChatMapping::RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                                DroppedMembers* dropped) const {
  auto* const request = static_cast<api::ChatCompletionRequest*>(wire);
  *request = static_cast<const api::ChatCompletionRequest&>(hub);
  // Callers of OpenAI's dialect may know more of the provider than the gateway does.
  if (facts.request != nullptr) {
    if (auto error = openai::MakeNative(request, {.reasoning = true}, dropped)) return error;
  }
  for (api::Message& message : *request->mutable_messages()) {
    if (message.role() == "assistant" && FindExtra(message.extra(), kOwnReasoning).empty()) {
      PutReasoningBack(&message);
    }
  }
  return std::nullopt;
}

std::optional<Error> ChatMapping::AnswerToHub(const Message& wire, const CallFacts&, Message* hub) const {
  const auto& answer = static_cast<const api::ChatCompletion&>(wire);
  if (auto error = ErrorInAnswer(answer.extra())) return error;
  // It may be an error in OpenAI's form.
  if (answer.choices().empty())
    return BrokenAnswer("upstream_invalid_answer", "minimax's answer has no choices");
  auto* const out = static_cast<api::ChatCompletion*>(hub);
  *out = answer;
  for (api::ChatChoice& choice : *out->mutable_choices()) {
    if (choice.has_message()) TakeReasoningOut(choice.mutable_message());
  }
  return std::nullopt;
}

std::unique_ptr<EventsToHub> ChatMapping::ReadEvents(const CallFacts& facts) const {
  return std::make_unique<ChatEvents>(facts.include_usage);
}

}  // namespace portolan::providers::minimax
