#include "providers/dialects/watsonx/chat.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/classify.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/openai/native.h"

namespace portolan::providers::watsonx {
namespace {

namespace api = ::portolan::v1;

// No member may stand twice: what was of another type than the API has is kept among those not known.
void Forget(std::string_view name, Extras* extras) {
  extras->erase(std::remove_if(extras->begin(), extras->end(),
                               [&](const api::Extra& one) { return one.name() == name; }),
                extras->end());
}

void SetExtra(std::string_view name, std::string json, Extras* extras) {
  Forget(name, extras);
  AddExtra(name, std::move(json), extras);
}

// IBM's words for a choice among tools; one that names a function goes by OpenAI's member.
void PutToolChoice(api::ChatCompletionRequest* request) {
  if (request->tool_choice().kind_case() != api::ToolChoice::kMode) return;
  SetExtra("tool_choice_option", JsonString(request->tool_choice().mode()), request->mutable_extra());
  request->clear_tool_choice();
}

void PutStop(api::ChatCompletionRequest* request) {
  if (request->stop().kind_case() != api::Stop::kSequence) return;
  std::string sequence = request->stop().sequence();
  request->mutable_stop()->mutable_sequences()->add_items(std::move(sequence));
}

// Reasons that OpenAI's API does not have.
template <typename Choice>
void TakeReason(Choice* choice) {
  const std::string& reason = choice->finish_reason();
  const bool late = reason == "time_limit";
  if (!late && reason != "cancelled") return;
  Forget("native_finish_reason", choice->mutable_extra());
  choice->set_native_finish_reason(reason);
  choice->set_finish_reason(late ? "length" : "stop");
}

template <typename Choices>
std::optional<Error> FailureAmong(const Choices& choices) {
  for (const auto& choice : choices) {
    if (choice.finish_reason() == "error") {
      return BrokenAnswer("upstream_error", "watsonx ended the answer with finish_reason \"error\"");
    }
  }
  return std::nullopt;
}

// The model goes by two names, of which old answers have IBM's alone.
template <typename Answer>
void TakeHead(std::string_view model, const char* object, Answer* answer) {
  if (answer->object().empty()) {
    Forget("object", answer->mutable_extra());
    answer->set_object(object);
  }
  if (!answer->model().empty()) return;
  Forget("model", answer->mutable_extra());
  const std::string told = JsonText(FindExtra(answer->extra(), "model_id"));
  answer->set_model(told.empty() ? std::string(model) : told);
}

// `{"errors":[{"code":…,"message":…}],"trace":…,"status_code":500}`, in a stream or with a good status.
std::optional<Error> ErrorIn(const Extras& extras) {
  const std::string_view errors = FindExtra(extras, "errors");
  if (!errors.starts_with('[')) return std::nullopt;
  Error error = BrokenAnswer("upstream_error", "watsonx ended the answer with an error");
  bool first = true;
  ForEachElement(errors, [&](std::string_view one) {
    if (!std::exchange(first, false)) return;
    if (std::string code = JsonText(JsonMember(one, "code")); !code.empty()) error.code = std::move(code);
    if (std::string text = JsonText(JsonMember(one, "message")); !text.empty())
      error.message = std::move(text);
  });
  const std::optional<int64_t> status = JsonInteger(FindExtra(extras, "status_code"));
  if (status && *status >= 400 && *status < 600) {
    error.http_status = static_cast<int>(*status);
    error.retryable = *status == 429 || *status >= 500;
  }
  return error;
}

class ChatEvents final : public EventsToHub {
 public:
  explicit ChatEvents(const CallFacts& facts) : model_(facts.model), include_usage_(facts.include_usage) {}

  std::optional<Error> OnEvent(const Message& event, MessageSink& out, State* /*state*/) override {
    const auto& said = static_cast<const api::ChatCompletionChunk&>(event);
    if (auto error = ErrorIn(said.extra())) return error;
    if (auto error = FailureAmong(said.choices())) return error;
    if (said.has_usage()) Count(said.usage());
    // The tokens come unasked, at the end and alone.
    if (!include_usage_ && said.has_usage() && said.choices().empty()) return std::nullopt;
    auto* const chunk = static_cast<api::ChatCompletionChunk*>(out.Add());
    *chunk = said;
    TakeHead(model_, "chat.completion.chunk", chunk);
    for (api::ChatChunkChoice& choice : *chunk->mutable_choices()) Take(&choice);
    return std::nullopt;
  }

  std::optional<Error> OnEnd(MessageSink&) override {
    bool complete = !finished_.empty();
    for (const auto& [index, finished] : finished_) complete = complete && finished;
    if (complete) return std::nullopt;
    return BrokenAnswer("upstream_truncated", "watsonx's stream ended before the answer was complete");
  }

  TokenUsage Tokens() const override { return tokens_; }

 private:
  void Take(api::ChatChunkChoice* choice) {
    bool& finished = finished_[choice->index()];
    finished = finished || !choice->finish_reason().empty();
    TakeReason(choice);
    if (!choice->has_delta()) return;
    for (api::ToolCallDelta& call : *choice->mutable_delta()->mutable_tool_calls()) {
      // What goes on has an empty name.
      if (call.has_function() && call.function().name().empty()) call.mutable_function()->clear_name();
    }
  }

  void Count(const api::Usage& usage) {
    if (usage.has_prompt_tokens()) tokens_.input = usage.prompt_tokens();
    if (usage.has_completion_tokens()) tokens_.output = usage.completion_tokens();
  }

  const std::string model_;
  const bool include_usage_;
  absl::flat_hash_map<int32_t, bool> finished_;  // by choice
  TokenUsage tokens_;
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
  if (request->has_model()) SetExtra("model_id", JsonString(request->model()), request->mutable_extra());
  request->clear_model();
  // The path says it.
  request->clear_stream();
  request->clear_stream_options();
  PutToolChoice(request);
  PutStop(request);
  return std::nullopt;
}

std::optional<Error> ChatMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                              Message* hub) const {
  const auto& answer = static_cast<const api::ChatCompletion&>(wire);
  if (auto error = ErrorIn(answer.extra())) return error;
  if (auto error = FailureAmong(answer.choices())) return error;
  auto* const out = static_cast<api::ChatCompletion*>(hub);
  *out = answer;
  TakeHead(facts.model, "chat.completion", out);
  for (api::ChatChoice& choice : *out->mutable_choices()) TakeReason(&choice);
  return std::nullopt;
}

std::unique_ptr<EventsToHub> ChatMapping::ReadEvents(const CallFacts& facts) const {
  return std::make_unique<ChatEvents>(facts);
}

}  // namespace portolan::providers::watsonx
