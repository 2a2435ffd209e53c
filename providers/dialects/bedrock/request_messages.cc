#include <algorithm>
#include <vector>

#include "providers/dialects/bedrock/request.h"
#include "providers/dialects/common/text.h"

namespace portolan::providers::bedrock {
namespace {

// What stands beside a document if the caller says nothing: Converse refuses one alone.
constexpr std::string_view kBesideDocument = "See the attached document.";
constexpr std::string_view kErrorPrefix = "Error: ";

// Roles must alternate: what one says in several messages is one, and who says nothing does not stand
// between.
Blocks* BlocksOf(std::string_view role, wire::ConverseRequest* wire) {
  auto* messages = wire->mutable_messages();
  while (!messages->empty() && messages->rbegin()->content().empty()) messages->RemoveLast();
  if (wire->messages().empty() || wire->messages(wire->messages_size() - 1).role() != role) {
    wire->add_messages()->set_role(std::string(role));
  }
  return wire->mutable_messages(wire->messages_size() - 1)->mutable_content();
}

// Results stand before all else that a user says, as Converse wants them, each with its mark for the cache.
void PutResultsFirst(Blocks* blocks) {
  std::vector<wire::ContentBlock*> results;
  std::vector<wire::ContentBlock*> others;
  bool of_result = false;
  for (wire::ContentBlock& block : *blocks) {
    of_result = block.has_tool_result() || (of_result && block.has_cache_point());
    (of_result ? results : others).push_back(&block);
  }
  if (results.empty() || others.empty()) return;
  auto place = blocks->pointer_begin();
  for (wire::ContentBlock* block : results) *place++ = block;
  for (wire::ContentBlock* block : others) *place++ = block;
}

bool Has(const wire::Message& message, bool (wire::ContentBlock::*member)() const) {
  return std::any_of(message.content().begin(), message.content().end(),
                     [&](const wire::ContentBlock& block) { return (block.*member)(); });
}

}  // namespace

bool IsToolResult(const wire::ContentBlock& block) {
  return block.has_tool_result() || block.has_cache_point();
}

bool RequestEncoder::EncodeMessages() {
  for (int i = 0; i < hub_.messages_size(); ++i) {
    number_ = i + 1;
    if (!EncodeMessage(hub_.messages(i), MemberPath{nullptr, "messages", i})) return false;
  }
  FinishMessages();
  if (wire_->messages().empty()) {
    return Fail("missing_value", "there is no message of a user or assistant that says anything", "messages");
  }
  return true;
}

bool RequestEncoder::EncodeMessage(const api::Message& message, const MemberPath& path) {
  const std::string& role = message.role();
  if (role == "system" || role == "developer") {
    DropMessageMembers(message, Role::kSystem, path);
    return AppendContent(message, Role::kSystem, path, SystemBlocks());
  }
  if (role == "tool" || role == "function") {
    DropMessageMembers(message, Role::kTool, path);
    return EncodeToolResult(message, path, BlocksOf("user", wire_));
  }
  if (role == "user") {
    DropMessageMembers(message, Role::kUser, path);
    Blocks* blocks = BlocksOf("user", wire_);
    const int before = blocks->size();
    if (!AppendContent(message, Role::kUser, path, blocks)) return false;
    if (blocks->size() > before) tool_ids_.EndTurn();
    return true;
  }
  if (role == "assistant") {
    return EncodeAssistant(message, path, BlocksOf("assistant", wire_));
  }
  return Fail("invalid_value",
              "expected one of system, developer, user, assistant, tool, function; got \"" + role + "\"",
              MemberPath{&path, "role"});
}

// Instructions that open the conversation are the `system` of the request. Later ones keep their place where
// the model takes that, else they join the first ones, in order. Nothing may stand between a call and its
// result.
Blocks* RequestEncoder::SystemBlocks() {
  const bool next_is_tool = number_ < hub_.messages_size() && hub_.messages(number_).role() == "tool";
  const bool in_place = model_.is_claude && model_.claude.system_in_place && !next_is_tool;
  return in_place && !wire_->messages().empty() ? BlocksOf("system", wire_) : wire_->mutable_system();
}

bool RequestEncoder::EncodeAssistant(const api::Message& message, const MemberPath& path, Blocks* blocks) {
  ClaudeThoughts thoughts;
  if (model_.is_claude || model_.is_unknown) thoughts = ClaudeThoughtsOf(message);
  DropMessageMembers(message, Role::kAssistant, path, thoughts);
  for (const api::ContentBlock& thought : thoughts.blocks) {
    if (!AppendGivenBlock(thought, path, blocks)) return false;
  }
  const int before = blocks->size();
  if (!AppendAnswer(message, path, blocks)) return false;
  if (blocks->size() > before) return true;
  // Thoughts alone are no answer.
  if (!thoughts.blocks.empty()) Drop(MemberPath{&path, kReasoningDetails});
  for (size_t i = 0; i < thoughts.blocks.size(); ++i) blocks->RemoveLast();
  return true;
}

bool RequestEncoder::AppendAnswer(const api::Message& message, const MemberPath& path, Blocks* blocks) {
  const int before = blocks->size();
  if (!AppendContent(message, Role::kAssistant, path, blocks)) return false;
  if (!message.content_blocks().empty()) return true;
  // What was said aloud is kept at the provider that made it, under an id that means nothing here.
  if (message.has_audio() && blocks->size() == before) {
    return Fail("unsupported_value", "bedrock cannot take an assistant's audio", MemberPath{&path, "audio"});
  }
  if (message.has_audio()) Drop(MemberPath{&path, "audio"});
  if (!IsBlank(message.refusal())) blocks->Add()->set_text(message.refusal());
  for (int i = 0; i < message.tool_calls_size(); ++i) {
    if (!EncodeToolCall(message.tool_calls(i), MemberPath{&path, "tool_calls", i}, blocks)) return false;
  }
  if (message.has_function_call()) {
    wire::ToolUseBlock* call = blocks->Add()->mutable_tool_use();
    call->set_tool_use_id(tool_ids_.ForCall({}, number_));
    EncodeArguments(message.function_call(), MemberPath{&path, "function_call"}, call);
  }
  if (message.has_cache_control() && blocks->size() > before) {
    MarkForCache(&message.cache_control(), path, blocks);
  }
  return true;
}

bool RequestEncoder::EncodeToolCall(const api::ToolCall& call, const MemberPath& path, Blocks* blocks) {
  if (!call.has_function()) {
    return Fail("unsupported_value", "bedrock has no calls of type \"" + call.type() + "\", only functions",
                path);
  }
  wire::ToolUseBlock* out = blocks->Add()->mutable_tool_use();
  out->set_tool_use_id(tool_ids_.ForCall(call.id(), number_));
  DropExtras(call.extra(), &path);
  EncodeArguments(call.function(), MemberPath{&path, "function"}, out);
  return true;
}

// Models write arguments that are cut short or no object; what the tool said to them follows, so they are
// sent in a form that the API takes.
void RequestEncoder::EncodeArguments(const api::FunctionCall& function, const MemberPath& path,
                                     wire::ToolUseBlock* call) {
  call->set_name(function.name());
  DropExtras(function.extra(), &path);
  const std::string& arguments = function.arguments();
  if (IsBlank(arguments)) {
    call->set_input("{}");  // how models call a function without parameters
  } else if (IsJsonObject(arguments)) {
    call->set_input(arguments);
  } else {
    call->set_input(JsonObjectOfText("arguments", arguments));
    Drop(MemberPath{&path, "arguments"});
  }
}

bool RequestEncoder::EncodeToolResult(const api::Message& message, const MemberPath& path, Blocks* blocks) {
  if (!message.content_blocks().empty()) return AppendGivenBlocks(message, path, blocks);
  wire::ToolResultBlock* result = blocks->Add()->mutable_tool_result();
  // The deprecated function messages name no call.
  result->set_tool_use_id(tool_ids_.ForResult(
      message.role() == "function" ? std::string_view() : std::string_view(message.tool_call_id())));
  if (result->tool_use_id().empty()) {
    return Fail("missing_value", "a tool's answer must name the call it answers",
                MemberPath{&path, "tool_call_id"});
  }
  if (!AppendContent(message, Role::kTool, path, result->mutable_content())) return false;
  if (!CheckResult(*result, path)) return false;
  FinishResult(FindExtra(message.extra(), "is_error") == "true", result);
  MarkResult(message, path, blocks);
  return true;
}

bool RequestEncoder::CheckResult(const wire::ToolResultBlock& result, const MemberPath& path) {
  const bool sound = std::any_of(result.content().begin(), result.content().end(),
                                 [](const wire::ContentBlock& block) { return block.has_audio(); });
  return !sound || Fail("unsupported_value", "bedrock takes no sound in the result of a tool",
                        MemberPath{&path, "content"});
}

// A result is marked as a whole, also where one of its parts is.
void RequestEncoder::MarkResult(const api::Message& message, const MemberPath& path, Blocks* blocks) {
  if (message.has_cache_control()) return MarkForCache(&message.cache_control(), path, blocks);
  const auto& parts = message.content().parts().items();
  for (int i = parts.size() - 1; i >= 0; --i) {
    const api::ContentPart& part = parts.Get(i);
    if (!part.has_cache_control() && !part.has_prompt_cache_breakpoint()) continue;
    return MarkForCache(part.has_cache_control() ? &part.cache_control() : nullptr,
                        MemberPath{&path, "content", i}, blocks);
  }
}

void RequestEncoder::FinishResult(bool failed, wire::ToolResultBlock* result) {
  if (failed && model_.has_result_status()) {
    result->set_status("error");
  } else if (failed) {
    const bool text = !result->content().empty() && result->content(0).has_text();
    wire::ContentBlock* first = text ? result->mutable_content(0) : result->add_content();
    first->set_text(std::string(kErrorPrefix) + first->text());
    if (!text) {
      for (int at = result->content_size() - 1; at > 0; --at)
        result->mutable_content()->SwapElements(at, at - 1);
    }
  }
  if (result->content().empty()) AddExtra("content", "[]", result->mutable_extra());  // it is required
}

void RequestEncoder::FinishMessages() {
  auto* messages = wire_->mutable_messages();
  while (!messages->empty() && messages->rbegin()->content().empty()) messages->RemoveLast();
  for (wire::Message& message : *messages) {
    if (message.role() == "user") PutResultsFirst(message.mutable_content());
    if (Has(message, &wire::ContentBlock::has_document) && !Has(message, &wire::ContentBlock::has_text)) {
      message.add_content()->set_text(std::string(kBesideDocument));
    }
  }
  // An answer whose beginning the model is given is continued; white space at the end of that is refused.
  if (messages->empty() || messages->rbegin()->role() != "assistant") return;
  wire::Message& last = *messages->rbegin();
  wire::ContentBlock* block = last.mutable_content(last.content_size() - 1);
  if (block->has_text()) {
    block->mutable_text()->resize(WithoutTrailingSpace(block->text()).size());
  }
}

void RequestEncoder::DropMessageMembers(const api::Message& message, Role role, const MemberPath& path,
                                        const ClaudeThoughts& thoughts) {
  const bool signed_thoughts = !thoughts.blocks.empty();
  if (message.has_name() && message.role() != "function") Drop(MemberPath{&path, "name"});
  if (message.content_blocks().empty()) {
    // Without its signature, reasoning cannot go back; with it, it is in the blocks, or in the details.
    if (!signed_thoughts && !message.reasoning_content().empty()) {
      Drop(MemberPath{&path, "reasoning_content"});
    }
    if (!signed_thoughts && !message.reasoning().empty()) Drop(MemberPath{&path, "reasoning"});
    if (!message.annotations().empty()) Drop(MemberPath{&path, "annotations"});
  } else if (message.has_cache_control()) {
    Drop(MemberPath{&path, "cache_control"});
  }
  for (const api::Extra& extra : message.extra()) {
    if (IsEmptyJson(extra.json()) || (role == Role::kTool && extra.name() == "is_error")) continue;
    if (signed_thoughts && extra.name() == kReasoningDetails) continue;
    Drop(MemberPath{&path, extra.name()});
  }
  if (!signed_thoughts) return;
  for (const int at : thoughts.lost) Drop(MemberPath{&path, kReasoningDetails, at});
}

}  // namespace portolan::providers::bedrock
