#include "providers/text_by_chat.h"

#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <array>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/completion.pb.h"
#include "providers/classify.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/plain_content.h"

namespace portolan::providers {
namespace {

namespace api = ::portolan::v1;

constexpr std::string_view kObject = "text_completion";
constexpr std::string_view kPrompt = "prompt";
constexpr std::string_view kMessages = "messages";

// Members of chat that a caller may have sent as unknown ones, and whose answer has no place in a text.
constexpr std::array<std::string_view, 9> kNotOfText = {
    "messages",      "tools",      "tool_choice", "parallel_tool_calls", "functions",
    "function_call", "modalities", "audio",       "prediction"};

template <typename List>
bool Contains(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

Error Refuse(std::string_view code, std::string message, std::string_view param) {
  return Error::InvalidRequest(std::string(code), std::move(message), std::string(param));
}

Error RefuseMember(std::string_view member) {
  return Refuse("unsupported_value",
                std::string(member) + ": the target has no text completion, and chat has no " +
                    std::string(member) + " of this kind",
                member);
}

// Members without which the answer would be another.
std::optional<Error> CheckMeaning(const api::CompletionRequest& request) {
  if (!request.suffix().empty()) return RefuseMember("suffix");
  if (request.echo()) return RefuseMember("echo");
  if (request.has_logprobs()) return RefuseMember("logprobs");
  return std::nullopt;
}

void CopyMembers(const api::CompletionRequest& from, api::ChatCompletionRequest* to) {
  if (from.has_model()) to->set_model(from.model());
  if (from.has_max_tokens()) to->set_max_tokens(from.max_tokens());
  if (from.has_temperature()) to->set_temperature(from.temperature());
  if (from.has_top_p()) to->set_top_p(from.top_p());
  if (from.has_n()) to->set_n(from.n());
  if (from.has_stream()) to->set_stream(from.stream());
  if (from.has_stream_options()) *to->mutable_stream_options() = from.stream_options();
  if (from.has_stop()) *to->mutable_stop() = from.stop();
  if (from.has_presence_penalty()) to->set_presence_penalty(from.presence_penalty());
  if (from.has_frequency_penalty()) to->set_frequency_penalty(from.frequency_penalty());
  *to->mutable_logit_bias() = from.logit_bias();
  if (from.has_seed()) to->set_seed(from.seed());
  if (from.has_user()) to->set_user(from.user());
}

std::optional<Error> ToChat(const api::CompletionRequest& from, api::ChatCompletionRequest* to,
                            DroppedMembers* dropped) {
  if (auto error = CheckMeaning(from)) return error;
  std::string text;
  if (auto error = OneText(from.prompt(), &text)) return error;
  api::Message* const message = to->add_messages();
  message->set_role("user");
  message->mutable_content()->set_text(std::move(text));
  CopyMembers(from, to);
  // The best of as many as are returned are all of them.
  if (from.best_of() > std::max<int64_t>(from.n(), 1)) dropped->emplace_back("best_of");
  for (const api::Extra& extra : from.extra()) {
    if (extra.json() == "null") continue;  // says nothing
    if (Contains(kNotOfText, extra.name())) {
      if (!IsEmptyJson(extra.json())) dropped->push_back(extra.name());
    } else {
      *to->add_extra() = extra;
    }
  }
  return std::nullopt;
}

// Text has no calls, and some servers have words of their own for the end of an answer. What nobody knows
// stays as it is: it may say that the answer failed.
std::string ReasonOf(const std::string& reason) {
  constexpr std::array<std::string_view, 4> kStops = {"tool_calls", "function_call", "eos", "eos_token"};
  if (Contains(kStops, reason)) return "stop";
  return reason == "model_length" ? "length" : reason;  // Mistral's, of an answer that fills the context
}

// What answers and chunks have at their head.
template <typename Chat>
void CopyHead(const Chat& from, api::Completion* to) {
  if (from.has_id()) to->set_id(from.id());
  to->set_object(std::string(kObject));
  if (from.has_created()) to->set_created(from.created());
  if (from.has_model()) to->set_model(from.model());
  if (from.has_system_fingerprint()) to->set_system_fingerprint(from.system_fingerprint());
  *to->mutable_extra() = from.extra();
}

std::string TextOf(const api::Message& message) {
  if (message.content().kind_case() == api::Content::kText) return message.content().text();
  std::string text;
  std::string reasoning;
  if (!message.extra().empty()) TakeOtherContent(message.extra(), &text, &reasoning);
  for (const api::ContentPart& part : message.content().parts().items()) text += part.text();
  return text.empty() ? message.refusal() : text;
}

std::optional<Error> ToText(const api::ChatCompletion& from, api::Completion* to) {
  if (from.choices().empty())
    return BrokenAnswer("upstream_invalid_answer", "the provider's answer has no choices");
  CopyHead(from, to);
  for (const api::ChatChoice& choice : from.choices()) {
    if (!choice.has_message())
      return BrokenAnswer("upstream_invalid_answer", "a choice of the provider's answer has no message");
    api::CompletionChoice* const said = to->add_choices();
    said->set_text(TextOf(choice.message()));
    said->set_index(choice.index());
    if (choice.has_finish_reason()) said->set_finish_reason(ReasonOf(choice.finish_reason()));
  }
  if (from.has_usage()) *to->mutable_usage() = from.usage();
  return std::nullopt;
}

// One streamed answer. What the provider's events come to in chunks of chat is kept until they are texts.
class TextEvents final : public EventsToHub, private MessageSink {
 public:
  // `chat`: null where the events are the hub's chunks themselves.
  TextEvents(std::unique_ptr<EventsToHub> chat, bool include_usage)
      : chat_(std::move(chat)), include_usage_(include_usage) {}

  std::optional<Error> OnEvent(const Message& event, MessageSink& out, State* state) override {
    if (chat_ == nullptr) {
      Say(static_cast<const api::ChatCompletionChunk&>(event), out);
      return std::nullopt;
    }
    std::optional<Error> error = chat_->OnEvent(event, *this, state);
    SayAll(out);
    return error;
  }

  std::optional<Error> OnEnd(MessageSink& out) override {
    if (chat_ == nullptr) return std::nullopt;
    std::optional<Error> error = chat_->OnEnd(*this);
    SayAll(out);
    return error;
  }

  TokenUsage Tokens() const override { return chat_ == nullptr ? TokenUsage() : chat_->Tokens(); }

 private:
  Message* Add() override { return &chunks_.emplace_back(); }

  void SayAll(MessageSink& out) {
    for (const api::ChatCompletionChunk& chunk : chunks_) Say(chunk, out);
    chunks_.clear();
  }

  // Adds nothing for a chunk that holds nothing of a text, as that which only tells the role.
  void Say(const api::ChatCompletionChunk& chunk, MessageSink& out) {
    api::Completion said;
    for (const api::ChatChunkChoice& choice : chunk.choices()) SayChoice(choice, &said);
    if (include_usage_ && chunk.has_usage()) *said.mutable_usage() = chunk.usage();
    if (said.choices().empty() && !said.has_usage()) return;
    CopyHead(chunk, &said);
    // The list is there, and empty: clients go through it without asking.
    if (said.choices().empty() && FindExtra(said.extra(), "choices").empty()) {
      AddExtra("choices", "[]", said.mutable_extra());
    }
    static_cast<api::Completion*>(out.Add())->Swap(&said);
  }

  void SayChoice(const api::ChatChunkChoice& choice, api::Completion* out) {
    const api::MessageDelta& delta = choice.delta();
    std::string text = delta.content().empty() ? delta.refusal() : delta.content();
    std::string reasoning;
    if (!delta.extra().empty()) TakeOtherContent(delta.extra(), &text, &reasoning);
    // Some tell the reason twice.
    const bool ends = !choice.finish_reason().empty() && !finished_.contains(choice.index());
    if (text.empty() && !ends) return;
    api::CompletionChoice* const said = out->add_choices();
    said->set_text(text);
    said->set_index(choice.index());
    if (!ends) return;
    said->set_finish_reason(ReasonOf(choice.finish_reason()));
    finished_.insert(choice.index());
  }

  const std::unique_ptr<EventsToHub> chat_;
  const bool include_usage_;
  absl::flat_hash_set<int32_t> finished_;        // one event may have a hundred thousand choices
  std::deque<api::ChatCompletionChunk> chunks_;  // which stay where they are
};

// `messages[0].content` of the chat that was made is the prompt of the caller.
bool IsOfPrompt(std::string_view path) { return path.starts_with("messages[") || path == kMessages; }

struct TextForm {
  explicit TextForm(const Form& chat) : mapping(chat.mapping), form(chat) {
    if (form.origin == nullptr) form.origin = &chat;
    form.mapping = &mapping;
    form.fetches_media = false;
  }

  const TextByChatMapping mapping;
  Form form;
};

// Texts have no blocks.
CallFacts OfChat(CallFacts facts) {
  facts.operation = operation::kChat;
  facts.content_blocks = false;
  return facts;
}

}  // namespace

std::optional<Error> TextByChatMapping::RequestToWire(const Message& hub, const CallFacts& facts,
                                                      Message* wire, DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::CompletionRequest&>(hub);
  if (chat_ == nullptr) return ToChat(request, static_cast<api::ChatCompletionRequest*>(wire), dropped);
  api::ChatCompletionRequest chat;
  if (auto error = ToChat(request, &chat, dropped)) return error;
  const size_t named = dropped->size();
  std::optional<Error> error = chat_->RequestToWire(chat, OfChat(facts), wire, dropped);
  if (error && IsOfPrompt(error->param)) error->param = kPrompt;
  for (size_t i = named; i < dropped->size(); ++i) {
    if (IsOfPrompt(dropped->at(i))) dropped->at(i) = kPrompt;
  }
  return error;
}

std::vector<HeaderField> TextByChatMapping::NeededOptions(const Message& wire) const {
  return chat_ == nullptr ? std::vector<HeaderField>() : chat_->NeededOptions(wire);
}

std::optional<Error> TextByChatMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                    Message* hub) const {
  auto* const said = static_cast<api::Completion*>(hub);
  if (chat_ == nullptr) return ToText(static_cast<const api::ChatCompletion&>(wire), said);
  api::ChatCompletion answer;
  if (auto error = chat_->AnswerToHub(wire, OfChat(facts), &answer)) return error;
  return ToText(answer, said);
}

std::unique_ptr<EventsToHub> TextByChatMapping::ReadEvents(const CallFacts& facts) const {
  return std::make_unique<TextEvents>(chat_ == nullptr ? nullptr : chat_->ReadEvents(OfChat(facts)),
                                      facts.include_usage);
}

std::optional<Error> OneText(const api::TextInput& prompt, std::string* text) {
  switch (prompt.kind_case()) {
    case api::TextInput::kText:
      *text = prompt.text();
      break;
    case api::TextInput::kTexts:
      if (prompt.texts().items_size() > 1) {
        return Refuse("unsupported_value", "the target takes one text a call", "prompt[1]");
      }
      if (prompt.texts().items_size() == 1) *text = prompt.texts().items(0);
      break;
    case api::TextInput::kTokens:
    case api::TextInput::kTokenLists:
      return Refuse("unsupported_value", "the target takes text, and no token ids", kPrompt);
    case api::TextInput::KIND_NOT_SET:
      break;
  }
  if (!text->empty()) return std::nullopt;
  return Refuse("missing_value", "the target needs a text to go on from", kPrompt);
}

std::shared_ptr<const Form> TextByChat(const Form& chat, bool is_hub) {
  if (chat.raw || (!is_hub && (chat.mapping == nullptr || !chat.mapping->serves_providers()))) return nullptr;
  const auto made = std::make_shared<const TextForm>(chat);
  return {made, &made->form};
}

}  // namespace portolan::providers
