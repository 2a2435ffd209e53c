#include "providers/dialects/mistral/chat.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/classify.h"
#include "providers/dialects/common/extras.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/plain_content.h"
#include "providers/dialects/mistral/request.h"
#include "providers/dialects/openai/native.h"

namespace portolan::providers::mistral {
namespace {

namespace api = ::portolan::v1;

constexpr std::string_view kContent = "content";
constexpr std::string_view kReference = "reference";

// A list of chunks, in OpenAI's words.
struct Said {
  std::string text;
  std::string reasoning;
  google::protobuf::RepeatedPtrField<api::Annotation> references;
};

void AddReference(const Extras& members, Said* said) {
  api::Annotation* const note = said->references.Add();
  note->set_type(std::string(kReference));
  CopyExtras(members, note);
}

// Adds what is not the text itself to a message, or to a piece of one.
template <typename M>
void AddRest(Said* said, M* message) {
  Extras* const extras = message->mutable_extra();
  if (!said->reasoning.empty()) {
    RemoveExtra("reasoning_content", extras);
    message->set_reasoning_content(std::move(said->reasoning));
  }
  if (said->references.empty()) return;
  RemoveExtra("annotations", extras);
  message->mutable_annotations()->MergeFrom(said->references);
}

// The text that fills the model's context ends for want of room; the provider's own word is kept beside it.
template <typename Choice>
void FitReason(Choice* choice) {
  if (choice->finish_reason() != "model_length") return;
  RemoveExtra("native_finish_reason", choice->mutable_extra());
  choice->set_native_finish_reason(choice->finish_reason());
  choice->set_finish_reason("length");
}

// Its types have arguments as an object too, and calls whose type goes without saying.
template <typename Call>
void FitCall(Call* call) {
  if (!call->has_type() && call->function().has_name()) {
    RemoveExtra("type", call->mutable_extra());
    call->set_type("function");
  }
  if (!call->has_function()) return;
  Extras* const extras = call->mutable_function()->mutable_extra();
  const std::string_view arguments = FindExtra(*extras, "arguments");
  if (!arguments.starts_with('{')) return;
  call->mutable_function()->set_arguments(std::string(arguments));
  RemoveExtra("arguments", extras);
}

// False if the list holds something that is no part of a text, as a picture.
bool TakeParts(const api::ContentParts& parts, Said* said) {
  for (const api::ContentPart& part : parts.items()) {
    if (part.type() == "text") {
      said->text += part.text();
    } else if (part.type() == "thinking") {
      said->reasoning += ThinkingText(FindExtra(part.extra(), "thinking"));
    } else if (part.type() == kReference) {
      AddReference(part.extra(), said);
    } else {
      return false;
    }
  }
  return true;
}

void FitMessage(api::Message* message) {
  for (api::ToolCall& call : *message->mutable_tool_calls()) FitCall(&call);
  Said said;
  if (!message->content().has_parts() || !TakeParts(message->content().parts(), &said)) return;
  message->mutable_content()->set_text(std::move(said.text));
  AddRest(&said, message);
}

// A piece has a text alone, so that a list is among the members that the hub does not know.
void FitDelta(api::MessageDelta* delta) {
  Extras* const extras = delta->mutable_extra();
  const std::string_view list = FindExtra(*extras, kContent);
  if (!list.starts_with('[')) return;
  Said said;
  TakeOtherContent(*extras, &said.text, &said.reasoning);
  ForEachElement(list, [&](std::string_view chunk) {
    if (JsonText(JsonMember(chunk, "type")) != kReference) return;
    Extras members;
    ForEachMember(chunk, [&](std::string_view name, std::string_view value) {
      if (name != "type") SetExtra(name, std::string(value), &members);
    });
    AddReference(members, &said);
  });
  RemoveExtra(kContent, extras);
  if (!said.text.empty()) delta->set_content(std::move(said.text));
  AddRest(&said, delta);
}

class ChatEvents final : public EventsToHub {
 public:
  std::optional<Error> OnEvent(const Message& event, MessageSink& out, State* /*state*/) override {
    auto* const chunk = static_cast<api::ChatCompletionChunk*>(out.Add());
    *chunk = static_cast<const api::ChatCompletionChunk&>(event);
    for (api::ChatChunkChoice& choice : *chunk->mutable_choices()) {
      FitReason(&choice);
      if (!choice.has_delta()) continue;
      FitDelta(choice.mutable_delta());
      for (api::ToolCallDelta& call : *choice.mutable_delta()->mutable_tool_calls()) {
        FitCall(&call);
        // Calls come whole: one that is not numbered is the next.
        int64_t& next = calls_[choice.index()];
        if (!call.has_index()) {
          RemoveExtra("index", call.mutable_extra());
          call.set_index(static_cast<int32_t>(next));
        }
        next = std::max(next, int64_t{call.index()} + 1);
      }
    }
    return std::nullopt;
  }

  std::optional<Error> OnEnd(MessageSink&) override { return std::nullopt; }
  TokenUsage Tokens() const override { return {}; }

 private:
  absl::flat_hash_map<int32_t, int64_t> calls_;  // how many a choice has
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
  if (request->has_model()) TakeVersionOff(request->mutable_model());
  FitRequest(facts.model, request, dropped);
  return std::nullopt;
}

std::optional<Error> ChatMapping::AnswerToHub(const Message& wire, const CallFacts&, Message* hub) const {
  auto* const out = static_cast<api::ChatCompletion*>(hub);
  *out = static_cast<const api::ChatCompletion&>(wire);
  if (out->choices().empty())
    return BrokenAnswer("upstream_invalid_answer", "mistral's answer has no choices");
  for (api::ChatChoice& choice : *out->mutable_choices()) {
    FitReason(&choice);
    if (choice.has_message()) FitMessage(choice.mutable_message());
  }
  return std::nullopt;
}

std::unique_ptr<EventsToHub> ChatMapping::ReadEvents(const CallFacts&) const {
  return std::make_unique<ChatEvents>();
}

}  // namespace portolan::providers::mistral
