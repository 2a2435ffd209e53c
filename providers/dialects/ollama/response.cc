#include "providers/dialects/ollama/response.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "providers/classify.h"
#include "providers/dialects/common/json.h"
#include "providers/retry_after.h"

namespace portolan::providers::ollama {
namespace {

// The message as ordered blocks, for callers who want them.
void AddBlocks(api::Message* message) {
  if (message->has_reasoning_content()) {
    api::ContentBlock* const block = message->add_content_blocks();
    block->set_type("thinking");
    block->set_thinking(message->reasoning_content());
  }
  if (!message->content().text().empty()) {
    api::ContentBlock* const block = message->add_content_blocks();
    block->set_type("text");
    block->set_text(message->content().text());
  }
  for (const api::ToolCall& call : message->tool_calls()) {
    api::ContentBlock* const block = message->add_content_blocks();
    block->set_type("tool_use");
    block->set_id(call.id());
    block->set_name(call.function().name());
    block->set_input(call.function().arguments());
  }
}

void TranslateMessage(const wire::Message& from, const CallFacts& facts, api::Message* to) {
  to->set_role("assistant");
  if (!from.content().empty() || from.tool_calls().empty()) to->mutable_content()->set_text(from.content());
  if (!from.thinking().empty()) to->set_reasoning_content(from.thinking());
  for (int i = 0; i < from.tool_calls_size(); ++i) {
    const wire::ToolCall& call = from.tool_calls(i);
    api::ToolCall* const said = to->add_tool_calls();
    said->set_id(CallId(call, facts, i));
    said->set_type("function");
    said->mutable_function()->set_name(call.function().name());
    said->mutable_function()->set_arguments(ArgumentsOf(call));
  }
  CopyExtras(from.extra(), to);
  if (facts.content_blocks) AddBlocks(to);
}

}  // namespace

std::optional<Error> DecodeAnswer(const wire::ChatResponse& answer, const CallFacts& facts,
                                  api::ChatCompletion* hub) {
  if (!answer.error().empty()) return Failed(answer.error());
  if (!answer.has_message()) {
    return BrokenAnswer("upstream_invalid_answer", "ollama answered with something that is not a message");
  }
  if (!answer.done()) return BrokenAnswer("upstream_truncated", "ollama's answer is not complete");
  hub->set_id(AnswerId(facts));
  hub->set_object("chat.completion");
  hub->set_created(CreatedAt(answer, facts.unix_seconds));
  hub->set_model(answer.model().empty() ? std::string(facts.model) : answer.model());
  api::ChatChoice* const choice = hub->add_choices();
  choice->set_index(0);
  TranslateMessage(answer.message(), facts, choice->mutable_message());
  for (const api::TokenLogprob& token : answer.logprobs()) {
    *choice->mutable_logprobs()->add_content() = token;
  }
  const std::string& reason = answer.done_reason();
  choice->set_finish_reason(std::string(FinishReason(reason, !answer.message().tool_calls().empty())));
  if (!reason.empty() && choice->finish_reason() != reason) choice->set_native_finish_reason(reason);
  api::Usage usage;
  TranslateUsage(answer, &usage);
  if (usage.has_total_tokens()) *hub->mutable_usage() = std::move(usage);
  CopyExtras(answer.extra(), hub);
  return std::nullopt;
}

Error Failed(std::string message) {
  Error error = BrokenAnswer("upstream_error", std::move(message));
  error.type = OpenAiErrorType(error.http_status);
  error.transport = false;
  return error;
}

int64_t CreatedAt(const wire::ChatResponse& answer, int64_t otherwise) {
  return ParseTimestamp(answer.created_at()).value_or(otherwise);
}

std::string AnswerId(const CallFacts& facts) {
  return "chatcmpl-ollama-" + std::to_string(facts.unix_seconds);
}

std::string CallId(const wire::ToolCall& call, const CallFacts& facts, int number) {
  if (!call.id().empty()) return call.id();
  return "call_" + std::to_string(facts.unix_seconds) + "_" + std::to_string(number);
}

std::string ArgumentsOf(const wire::ToolCall& call) {
  const std::string& given = call.function().arguments();
  return given.empty() || given == "null" ? "{}" : given;
}

std::string_view FinishReason(std::string_view reason, bool has_calls) {
  if (has_calls) return "tool_calls";
  return reason == "length" ? "length" : "stop";
}

void TranslateUsage(const wire::ChatResponse& answer, api::Usage* to) {
  if (!answer.has_prompt_eval_count() && !answer.has_eval_count()) return;
  // Counts come from outside. A prompt that is in the cache may be told as none.
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 2;
  const int64_t prompt = std::clamp<int64_t>(answer.prompt_eval_count(), 0, kMost);
  const int64_t answered = std::clamp<int64_t>(answer.eval_count(), 0, kMost);
  to->set_prompt_tokens(prompt);
  to->set_completion_tokens(answered);
  to->set_total_tokens(prompt + answered);
}

}  // namespace portolan::providers::ollama
