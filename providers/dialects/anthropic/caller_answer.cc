#include "providers/dialects/anthropic/caller_answer.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "providers/dialects/anthropic/request.h"
#include "providers/dialects/anthropic/tool_names.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/plain_content.h"
#include "providers/dialects/common/text.h"
#include "server/base/text.h"

namespace portolan::providers::anthropic {
namespace {

constexpr std::array<std::string_view, 8> kStopReasons = {"end_turn",
                                                          "max_tokens",
                                                          "stop_sequence",
                                                          "tool_use",
                                                          "pause_turn",
                                                          "refusal",
                                                          "model_context_window_exceeded",
                                                          "compaction"};

// Members of Anthropic's answers that the hub has no field for.
constexpr std::array<std::string_view, 2> kMessageMembers = {"container", "diagnostics"};
constexpr std::array<std::string_view, 4> kUsageMembers = {"cache_creation", "inference_geo",
                                                           "server_tool_use", "speed"};

template <typename M>
bool TakeExtra(const Extras& from, std::string_view name, M* to) {
  for (const api::Extra& extra : from) {
    if (extra.name() != name) continue;
    *to->add_extra() = extra;
    return true;
  }
  return false;
}

// The member as it is there, else null.
template <typename M>
void TakeOrNull(const Extras& from, std::string_view name, M* to) {
  if (!TakeExtra(from, name, to)) SetNull(name, to);
}

// The list is there and empty.
void SetNoContent(wire::MessagesResponse* message) {
  api::Extra* content = message->add_extra();
  content->set_name("content");
  content->set_json("[]");
}

void AddText(const std::string& text, wire::MessagesResponse* message) {
  if (IsBlank(text)) return;  // would be refused when it is sent back
  api::ContentBlock* block = message->add_content();
  BeginText(block);
  block->set_text(text);
}

void AddCall(std::string id, const api::FunctionCall& function, const ToolNames& names,
             wire::MessagesResponse* message) {
  if (id.empty()) id = "toolu_" + message->id() + "_" + std::to_string(message->content_size());
  api::ContentBlock* block = message->add_content();
  BeginToolUse(std::move(id), names.InFull(function.name()), block);
  block->set_input(InputOf(function.arguments()));
}

std::string TextOf(const api::Content& content) {
  std::string text = content.text();
  for (const api::ContentPart& part : content.parts().items()) text += part.text();
  return text;
}

void Project(const api::Message& from, const ToolNames& names, wire::MessagesResponse* message) {
  std::string thought = from.reasoning_content().empty() ? from.reasoning() : from.reasoning_content();
  for (const api::ContentPart& part : from.content().parts().items()) {
    if (part.type() == "thinking") thought += ThinkingText(FindExtra(part.extra(), "thinking"));
  }
  std::string text = TextOf(from.content());
  if (!from.extra().empty()) TakeOtherContent(from.extra(), &text, &thought);
  if (!thought.empty()) {
    api::ContentBlock* block = message->add_content();
    BeginThinking(block);
    block->set_thinking(std::move(thought));
  }
  AddText(text, message);
  AddText(from.refusal(), message);
  for (const api::ToolCall& call : from.tool_calls()) {
    api::FunctionCall function = call.function();
    if (IsCustom(call)) {
      function.set_name(call.custom().name());
      function.set_arguments(call.custom().input());
    }
    AddCall(call.id(), function, names, message);
  }
  if (IsCall(from.function_call())) AddCall({}, from.function_call(), names, message);
}

void TakeBlocks(const api::Message& from, const ToolNames& names, wire::MessagesResponse* message) {
  *message->mutable_content() = from.content_blocks();
  for (api::ContentBlock& block : *message->mutable_content()) {
    if (block.type() == "tool_use") block.set_name(names.InFull(block.name()));
    RequireSignature(&block);
  }
}

int64_t CachedOf(const api::Usage& usage) {
  return usage.has_cache_read_input_tokens() ? usage.cache_read_input_tokens()
                                             : usage.prompt_tokens_details().cached_tokens();
}

int64_t WrittenOf(const api::Usage& usage) {
  return usage.has_cache_creation_input_tokens() ? usage.cache_creation_input_tokens()
                                                 : usage.prompt_tokens_details().cache_write_tokens();
}

// Counts come from outside: none may make another negative.
int64_t Less(int64_t count, int64_t part) { return part <= 0 ? count : std::max<int64_t>(0, count - part); }

// What every report has.
void EncodeCounts(const api::Usage& hub, wire::Usage* to) {
  to->set_input_tokens(Less(Less(hub.prompt_tokens(), CachedOf(hub)), WrittenOf(hub)));
  to->set_output_tokens(hub.completion_tokens());
  to->set_cache_creation_input_tokens(WrittenOf(hub));
  to->set_cache_read_input_tokens(CachedOf(hub));
  if (hub.completion_tokens_details().has_reasoning_tokens()) {
    to->mutable_output_tokens_details()->set_thinking_tokens(
        hub.completion_tokens_details().reasoning_tokens());
  } else {
    SetNull("output_tokens_details", to);
  }
}

}  // namespace

void EncodeAnswer(const api::ChatCompletion& hub, const CallFacts& facts, wire::MessagesResponse* message) {
  const api::ChatChoice& choice =
      hub.choices().empty() ? api::ChatChoice::default_instance() : hub.choices(0);
  const api::Message& said = choice.message();
  message->set_id(MessageId(hub.id()));
  message->set_type("message");
  message->set_role("assistant");
  message->set_model(hub.model().empty() ? std::string(facts.model) : hub.model());
  const ToolNames names(facts.request);
  if (said.content_blocks().empty()) {
    Project(said, names, message);
  } else {
    TakeBlocks(said, names, message);
  }
  if (message->content().empty()) SetNoContent(message);
  const bool has_calls =
      std::any_of(message->content().begin(), message->content().end(),
                  [](const api::ContentBlock& block) { return block.type() == "tool_use"; });
  std::string_view reason = StopReason(choice.finish_reason(), choice.native_finish_reason(),
                                       choice.has_stop_sequence(), has_calls);
  if (!said.refusal().empty()) reason = "refusal";
  message->set_stop_reason(std::string(reason));
  if (choice.has_stop_sequence()) {
    message->set_stop_sequence(choice.stop_sequence());
  } else {
    SetNull("stop_sequence", message);
  }
  if (said.refusal().empty()) {
    SetNull("stop_details", message);
  } else {
    FillStopDetails(said.refusal(), message->mutable_stop_details());
  }
  EncodeUsage(hub.usage(), message->mutable_usage());
  if (const std::string_view tier = UsedTier(hub.service_tier()); !tier.empty()) {
    message->mutable_usage()->set_service_tier(std::string(tier));
  } else {
    SetNull("service_tier", message->mutable_usage());
  }
  for (const std::string_view name : kMessageMembers) TakeOrNull(hub.extra(), name, message);
  TakeExtra(hub.extra(), "context_management", message);
}

void FillStopDetails(std::string_view refusal, wire::StopDetails* details) {
  details->set_type("refusal");
  SetNull("category", details);
  details->set_explanation(std::string(refusal));
}

std::string_view StopReason(std::string_view finish_reason, std::string_view native, bool has_stop_sequence,
                            bool has_calls) {
  std::string_view reason = "end_turn";
  const auto known = std::find(kStopReasons.begin(), kStopReasons.end(), native);
  const auto own = std::find(kStopReasons.begin(), kStopReasons.end(), finish_reason);
  if (known != kStopReasons.end()) {
    reason = *known;
  } else if (own != kStopReasons.end()) {
    reason = *own;
  } else if (finish_reason == "length") {
    reason = "max_tokens";
  } else if (finish_reason == "content_filter") {
    reason = "refusal";
  } else if (has_stop_sequence) {
    reason = "stop_sequence";
  }
  const bool ends_turn = reason == "end_turn" || reason == "stop_sequence";
  return has_calls && ends_turn ? "tool_use" : reason;
}

std::string MessageId(std::string_view id) {
  constexpr std::string_view kPrefix = "msg_";
  std::string out(id.starts_with(kPrefix) ? std::string_view() : kPrefix);
  return out.append(id);
}

void EncodeUsage(const api::Usage& hub, wire::Usage* to) {
  EncodeCounts(hub, to);
  for (const std::string_view name : kUsageMembers) TakeOrNull(hub.extra(), name, to);
  TakeExtra(hub.extra(), "iterations", to);
}

void EncodeFinalUsage(const api::Usage& hub, wire::Usage* to) {
  EncodeCounts(hub, to);
  TakeOrNull(hub.extra(), "server_tool_use", to);
  TakeExtra(hub.extra(), "iterations", to);
}

std::string_view UsedTier(std::string_view service_tier) {
  if (service_tier == "default") return "standard";
  if (service_tier == "standard" || service_tier == "priority" || service_tier == "batch")
    return service_tier;
  return {};
}

void BeginMessage(std::string_view id, std::string_view model, wire::MessagesResponse* message) {
  message->set_id(MessageId(id));
  message->set_type("message");
  message->set_role("assistant");
  message->set_model(std::string(model));
  SetNoContent(message);
  for (const char* name : {"stop_reason", "stop_sequence", "stop_details"}) SetNull(name, message);
  for (const std::string_view name : kMessageMembers) SetNull(name, message);
}

void BeginText(api::ContentBlock* block) {
  block->set_type("text");
  block->set_text("");
  SetNull("citations", block);
}

void BeginThinking(api::ContentBlock* block) {
  block->set_type("thinking");
  block->set_thinking("");
  block->set_signature("");
}

void RequireSignature(api::ContentBlock* block) {
  if (block->type() == "thinking" && !block->has_signature()) block->set_signature("");
}

void BeginToolUse(std::string id, std::string name, api::ContentBlock* block) {
  block->set_type("tool_use");
  block->set_id(std::move(id));
  block->set_name(std::move(name));
  block->set_input("{}");
  block->set_caller(R"({"type":"direct"})");
}

std::string InputOf(const std::string& arguments) {
  if (IsBlank(arguments)) return "{}";
  return IsJsonObject(arguments) ? arguments : AsArgumentsObject(arguments);
}

}  // namespace portolan::providers::anthropic
