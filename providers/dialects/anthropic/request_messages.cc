#include <algorithm>
#include <array>

#include "providers/dialects/anthropic/request.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/text.h"

namespace portolan::providers::anthropic {

bool RequestEncoder::EncodeMessages() {
  for (int i = 0; i < hub_.messages_size(); ++i) {
    next_is_tool_ = i + 1 < hub_.messages_size() && hub_.messages(i + 1).role() == "tool";
    if (!EncodeMessage(hub_.messages(i), MemberPath{nullptr, "messages", i})) return false;
  }
  if (wire_->messages().empty()) {
    return Fail("missing_value", "there is no message of a user or assistant that says anything", "messages");
  }
  CutPrefill();
  return true;
}

// The API continues an answer whose beginning it is given, and refuses white space at the end of that.
void RequestEncoder::CutPrefill() {
  wire::Message* last = wire_->mutable_messages(wire_->messages_size() - 1);
  if (last->role() != "assistant") return;
  Blocks* blocks = last->mutable_content()->mutable_blocks()->mutable_items();
  api::ContentBlock* block = blocks->Mutable(blocks->size() - 1);
  if (block->type() != "text") return;
  block->mutable_text()->resize(WithoutTrailingSpace(block->text()).size());
}

bool RequestEncoder::EncodeMessage(const api::Message& message, const MemberPath& path) {
  const std::string& role = message.role();
  if (role == "system" || role == "developer") return EncodeSystem(message, path);
  conversation_begun_ = true;
  if (role == "tool" || role == "function") return EncodeToolResult(message, path);
  last_is_tool_results_ = false;
  if (role == "user") return EncodeUser(message, path);
  if (role == "assistant") return EncodeAssistant(message, path);
  return Fail("invalid_value",
              "expected one of system, developer, user, assistant, tool, function; got \"" + role + "\"",
              MemberPath{&path, "role"});
}

// Instructions that open the conversation are the `system` of the request. Later ones keep their place where
// the model takes that, else they join the first ones, in order. Nothing may stand between a call and its
// result.
bool RequestEncoder::EncodeSystem(const api::Message& message, const MemberPath& path) {
  DropMessageMembers(message, Role::kSystem, path);
  if (!conversation_begun_ || !traits_.system_in_place || next_is_tool_) {
    Blocks* blocks = wire_->mutable_system()->mutable_blocks()->mutable_items();
    const bool ok = AppendContent(message, Role::kSystem, path, blocks);
    if (blocks->empty()) wire_->clear_system();
    return ok;
  }
  last_is_tool_results_ = false;
  wire::Message* out = wire_->add_messages();
  out->set_role("system");
  Blocks* blocks = out->mutable_content()->mutable_blocks()->mutable_items();
  const bool ok = AppendContent(message, Role::kSystem, path, blocks);
  if (blocks->empty()) wire_->mutable_messages()->RemoveLast();
  return ok;
}

bool RequestEncoder::EncodeUser(const api::Message& message, const MemberPath& path) {
  DropMessageMembers(message, Role::kUser, path);
  wire::Message* out = wire_->add_messages();
  out->set_role("user");
  const bool plain = message.content().kind_case() == api::Content::kText &&
                     message.content_blocks().empty() && !message.has_cache_control() &&
                     !IsBlank(message.content().text());
  if (plain) {
    tool_ids_.EndTurn();
    out->mutable_content()->set_text(message.content().text());
    return true;
  }
  Blocks* blocks = out->mutable_content()->mutable_blocks()->mutable_items();
  const bool ok = AppendContent(message, Role::kUser, path, blocks);
  if (blocks->empty()) {
    wire_->mutable_messages()->RemoveLast();
  } else {
    tool_ids_.EndTurn();
  }
  return ok;
}

bool RequestEncoder::EncodeAssistant(const api::Message& message, const MemberPath& path) {
  const ClaudeThoughts thoughts = ClaudeThoughtsOf(message);
  DropMessageMembers(message, Role::kAssistant, path, thoughts);
  wire::Message* out = wire_->add_messages();
  out->set_role("assistant");
  Blocks* blocks = out->mutable_content()->mutable_blocks()->mutable_items();
  for (const api::ContentBlock& thought : thoughts.blocks) *blocks->Add() = thought;
  const int before = blocks->size();
  if (!AppendContent(message, Role::kAssistant, path, blocks)) return false;
  if (message.content_blocks().empty()) {
    // What was said aloud is kept at the provider that made it, under an id that means nothing here.
    if (message.has_audio() && blocks->size() == before) {
      return Fail("unsupported_value", "anthropic cannot take an assistant's audio",
                  MemberPath{&path, "audio"});
    }
    if (message.has_audio()) Drop(MemberPath{&path, "audio"});
    if (!IsBlank(message.refusal())) {
      api::ContentBlock* block = blocks->Add();
      block->set_type("text");
      block->set_text(message.refusal());
    }
    for (int i = 0; i < message.tool_calls_size(); ++i) {
      if (!EncodeToolCall(message.tool_calls(i), MemberPath{&path, "tool_calls", i}, blocks)) return false;
    }
    if (message.has_function_call()) {
      api::ContentBlock* block = blocks->Add();
      block->set_type("tool_use");
      block->set_id(tool_ids_.ForCall({}, MessageNumber()));
      EncodeArguments(message.function_call(), MemberPath{&path, "function_call"}, block);
    }
    if (blocks->size() > before) MarkLast(message, blocks);
  }
  if (blocks->size() > before) return true;
  // Thoughts alone are no answer.
  if (before > 0) Drop(MemberPath{&path, kReasoningDetails});
  wire_->mutable_messages()->RemoveLast();
  return true;
}

bool RequestEncoder::EncodeToolCall(const api::ToolCall& call, const MemberPath& path, Blocks* blocks) {
  if (!call.has_function()) {
    return Fail("unsupported_value", "anthropic has no calls of type \"" + call.type() + "\", only functions",
                path);
  }
  static constexpr std::array<std::string_view, 1> kKnown = {"cache_control"};
  api::ContentBlock* block = blocks->Add();
  block->set_type("tool_use");
  block->set_id(tool_ids_.ForCall(call.id(), MessageNumber()));
  TakeExtras(call.extra(), kKnown, &path, block->mutable_extra());
  EncodeArguments(call.function(), MemberPath{&path, "function"}, block);
  return true;
}

// Models write arguments that are cut short or no object; what the tool said to them follows, so they are
// sent in a form that the API takes.
void RequestEncoder::EncodeArguments(const api::FunctionCall& function, const MemberPath& path,
                                     api::ContentBlock* block) {
  block->set_name(function.name());
  TakeExtras(function.extra(), {}, &path, nullptr);
  const std::string& arguments = function.arguments();
  if (IsBlank(arguments)) {
    block->set_input("{}");  // how models call a function without parameters
  } else if (IsJsonObject(arguments)) {
    block->set_input(arguments);
  } else {
    block->set_input(AsArgumentsObject(arguments));
    Drop(MemberPath{&path, "arguments"});
  }
}

// Results of parallel calls, which are messages of their own in the hub, go into one user message.
bool RequestEncoder::EncodeToolResult(const api::Message& message, const MemberPath& path) {
  DropMessageMembers(message, Role::kTool, path);
  if (!last_is_tool_results_) wire_->add_messages()->set_role("user");
  last_is_tool_results_ = true;
  wire::Message* out = wire_->mutable_messages(wire_->messages_size() - 1);
  Blocks* results = out->mutable_content()->mutable_blocks()->mutable_items();
  if (!message.content_blocks().empty()) {
    CopyGivenBlocks(message, path, results);
    // What is removed last takes its blocks along.
    last_is_tool_results_ = !results->empty();
    if (!last_is_tool_results_) wire_->mutable_messages()->RemoveLast();
    return true;
  }
  api::ContentBlock* result = results->Add();
  result->set_type("tool_result");
  // The deprecated function messages name no call.
  result->set_tool_use_id(tool_ids_.ForResult(
      message.role() == "function" ? std::string_view() : std::string_view(message.tool_call_id())));
  if (result->tool_use_id().empty()) {
    return Fail("missing_value", "a tool's answer must name the call it answers",
                MemberPath{&path, "tool_call_id"});
  }
  for (const api::Extra& extra : message.extra()) {
    if (extra.name() == "is_error") result->set_is_error(extra.json() == "true");
  }
  if (message.has_cache_control()) *result->mutable_cache_control() = message.cache_control();
  if (message.content().kind_case() == api::Content::kText) {
    if (!IsBlank(message.content().text())) result->mutable_content()->set_text(message.content().text());
    return true;
  }
  Blocks* blocks = result->mutable_content()->mutable_blocks()->mutable_items();
  for (int i = 0; i < message.content().parts().items_size(); ++i) {
    if (!AppendPart(message.content().parts().items(i), Role::kTool, MemberPath{&path, "content", i},
                    blocks)) {
      return false;
    }
  }
  if (blocks->empty()) result->clear_content();
  return true;
}

void RequestEncoder::MarkLast(const api::Message& message, Blocks* blocks) {
  if (!message.has_cache_control() || blocks->empty()) return;
  api::ContentBlock* last = blocks->Mutable(blocks->size() - 1);
  if (!HasExtra(last->extra(), "cache_control")) *last->mutable_cache_control() = message.cache_control();
}

void RequestEncoder::DropMessageMembers(const api::Message& message, Role role, const MemberPath& path,
                                        const ClaudeThoughts& thoughts) {
  const bool signed_thoughts = !thoughts.blocks.empty();
  if (message.has_name() && message.role() != "function") Drop(MemberPath{&path, "name"});
  // Without its signature, reasoning cannot go back; with it, it is in the blocks, or in the details.
  if (message.content_blocks().empty() && !signed_thoughts) {
    if (!message.reasoning_content().empty()) Drop(MemberPath{&path, "reasoning_content"});
    if (!message.reasoning().empty()) Drop(MemberPath{&path, "reasoning"});
  }
  if (message.has_cache_control() && !message.content_blocks().empty())
    Drop(MemberPath{&path, "cache_control"});
  if (!message.annotations().empty() && message.content_blocks().empty())
    Drop(MemberPath{&path, "annotations"});
  for (const api::Extra& extra : message.extra()) {
    if (IsEmptyJson(extra.json()) || (role == Role::kTool && extra.name() == "is_error")) continue;
    if (signed_thoughts && extra.name() == kReasoningDetails) continue;
    Drop(MemberPath{&path, extra.name()});
  }
  if (!signed_thoughts) return;
  for (const int at : thoughts.lost) Drop(MemberPath{&path, kReasoningDetails, at});
}

}  // namespace portolan::providers::anthropic
