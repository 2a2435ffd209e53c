// The conversation, as OpenAI's rules want it: results of tools come before what else the user says, and a
// tool's message holds text only, so that images among its results follow in the user's.

#include "providers/dialects/anthropic/caller_request.h"
#include "providers/dialects/anthropic/tool_names.h"
#include "providers/dialects/common/text.h"

namespace portolan::providers::anthropic {
namespace {

using Block = api::ContentBlock;

constexpr std::array<int, 2> kTextMembers = {Block::kTypeFieldNumber, Block::kTextFieldNumber};
constexpr std::array<int, 4> kCallMembers = {Block::kTypeFieldNumber, Block::kIdFieldNumber,
                                             Block::kNameFieldNumber, Block::kInputFieldNumber};
constexpr std::array<int, 5> kResultMembers = {Block::kTypeFieldNumber, Block::kToolUseIdFieldNumber,
                                               Block::kContentFieldNumber, Block::kIsErrorFieldNumber,
                                               Block::kCacheControlFieldNumber};

void AppendTo(std::string_view text, api::Message* message) {
  std::string said = message->content().text();
  message->mutable_content()->set_text(said.append(text));
}

// Text alone where that says the same as the parts.
void SetParts(Parts parts, api::Message* message) {
  if (parts.size() == 1 && parts.Get(0).has_text() && !parts.Get(0).has_cache_control()) {
    message->mutable_content()->set_text(parts.Get(0).text());
  } else if (!parts.empty()) {
    *message->mutable_content()->mutable_parts()->mutable_items() = std::move(parts);
  }
}

// A result's texts become one; what is left are images and files.
std::string TakeTexts(Parts* parts) {
  std::string text;
  Parts rest;
  for (api::ContentPart& part : *parts) {
    if (!part.has_text()) {
      *rest.Add() = std::move(part);
      continue;
    }
    if (!text.empty()) text += '\n';
    text += part.text();
  }
  *parts = std::move(rest);
  return text;
}

}  // namespace

bool RequestDecoder::DecodeMessages() {
  if (wire_.has_system() && !DecodeSystem(wire_.system(), MemberPath{nullptr, "system"})) return false;
  const int before = hub_->messages_size();
  for (int i = 0; i < wire_.messages_size(); ++i) {
    if (!DecodeMessage(wire_.messages(i), MemberPath{nullptr, "messages", i})) return false;
  }
  if (hub_->messages_size() > before) return true;
  return Fail("missing_value", "there is no message that says anything", "messages");
}

bool RequestDecoder::DecodeMessage(const wire::Message& message, const MemberPath& path) {
  DropAll(message.extra(), &path);
  const std::string& role = message.role();
  if (role == "user") return DecodeUser(message.content(), path);
  if (role == "assistant") return DecodeAssistant(message.content(), path);
  if (role == "system") return DecodeSystem(message.content(), path);
  return Fail("invalid_value", "expected one of user, assistant, system; got \"" + role + "\"",
              MemberPath{&path, "role"});
}

bool RequestDecoder::DecodeSystem(const wire::MessageContent& content, const MemberPath& path) {
  Draft draft;
  draft.message.set_role("system");
  if (!IsBlank(content.text())) draft.message.mutable_content()->set_text(content.text());
  const auto& blocks = content.blocks().items();
  Parts parts;
  for (int i = 0; i < blocks.size(); ++i) {
    // The request's own `system` is the list itself.
    const MemberPath place =
        path.index < 0 ? MemberPath{nullptr, path.member, i} : MemberPath{&path, "content", i};
    if (blocks.Get(i).type() != "text") {
      return Fail("unsupported_value", "expected a block of type text", MemberPath{&place, "type"});
    }
    if (!AppendPart(blocks.Get(i), place, &parts, &draft.exact)) return false;
    *draft.blocks.Add() = blocks.Get(i);
  }
  SetParts(std::move(parts), &draft.message);
  Finish(std::move(draft));
  return true;
}

bool RequestDecoder::DecodeUser(const wire::MessageContent& content, const MemberPath& path) {
  Draft draft;
  draft.message.set_role("user");
  if (content.kind_case() == wire::MessageContent::kText) {
    if (!IsBlank(content.text())) draft.message.mutable_content()->set_text(content.text());
    Finish(std::move(draft));
    return true;
  }
  const auto& blocks = content.blocks().items();
  Parts parts;  // what results leave for the user's message comes first in it
  for (int i = 0; i < blocks.size(); ++i) {
    if (blocks.Get(i).type() != "tool_result") continue;
    if (!DecodeToolResult(blocks.Get(i), MemberPath{&path, "content", i}, &parts)) return false;
  }
  // Who reads blocks has seen those in the result.
  draft.exact = parts.empty();
  for (int i = 0; i < blocks.size(); ++i) {
    if (blocks.Get(i).type() == "tool_result") continue;
    if (!AppendPart(blocks.Get(i), MemberPath{&path, "content", i}, &parts, &draft.exact)) return false;
    *draft.blocks.Add() = blocks.Get(i);
  }
  SetParts(std::move(parts), &draft.message);
  Finish(std::move(draft));
  return true;
}

bool RequestDecoder::DecodeToolResult(const api::ContentBlock& block, const MemberPath& path, Parts* user) {
  if (block.tool_use_id().empty()) {
    return Fail("missing_value", "a result must name the call it answers", MemberPath{&path, "tool_use_id"});
  }
  Draft draft;
  draft.message.set_role("tool");
  draft.message.set_tool_call_id(block.tool_use_id());
  if (block.has_cache_control()) *draft.message.mutable_cache_control() = block.cache_control();
  draft.exact = HasOnly(block, kResultMembers) && !block.is_error();
  Parts parts;
  const auto& inner = block.content().blocks().items();
  for (int i = 0; i < inner.size(); ++i) {
    if (!AppendPart(inner.Get(i), MemberPath{&path, "content", i}, &parts, &draft.exact)) return false;
    draft.exact = draft.exact && !inner.Get(i).has_cache_control();
  }
  draft.exact = draft.exact && inner.size() < 2;
  std::string text = inner.empty() ? block.content().text() : TakeTexts(&parts);
  if (block.is_error()) text.insert(0, "Error: ");
  draft.message.mutable_content()->set_text(std::move(text));
  *draft.blocks.Add() = block;
  if (!parts.empty()) {
    draft.exact = false;
    for (api::ContentPart& part : parts) *user->Add() = std::move(part);
  }
  Finish(std::move(draft));
  return true;
}

bool RequestDecoder::DecodeAssistant(const wire::MessageContent& content, const MemberPath& path) {
  Draft draft;
  draft.message.set_role("assistant");
  if (!IsBlank(content.text())) draft.message.mutable_content()->set_text(content.text());
  const auto& blocks = content.blocks().items();
  for (int i = 0; i < blocks.size(); ++i) {
    if (!DecodeAssistantBlock(blocks.Get(i), MemberPath{&path, "content", i}, &draft)) return false;
  }
  Finish(std::move(draft));
  return true;
}

bool RequestDecoder::DecodeAssistantBlock(const api::ContentBlock& block, const MemberPath& path,
                                          Draft* draft) {
  api::Message* message = &draft->message;
  const std::string& type = block.type();
  if (type == "tool_use") return DecodeToolUse(block, path, draft);
  if (type == "text") {
    if (IsBlank(block.text())) return true;
    // One text, before the calls, is what OpenAI's members can say.
    draft->exact = draft->exact && message->tool_calls().empty() && !message->has_content() &&
                   HasOnly(block, kTextMembers);
    AppendTo(block.text(), message);
  } else if (type == "thinking") {
    message->set_reasoning_content(message->reasoning_content() + block.thinking());
    // Thinking that nobody signed is that of another provider; only as text may it go back.
    if (block.signature().empty()) return true;
    draft->exact = false;
  } else {
    if (type == "compaction") AppendTo(block.content().text(), message);
    draft->exact = false;
  }
  *draft->blocks.Add() = block;
  return true;
}

bool RequestDecoder::DecodeToolUse(const api::ContentBlock& block, const MemberPath& path, Draft* draft) {
  if (block.id().empty()) {
    return Fail("missing_value", "a call must have an id, by which its result names it",
                MemberPath{&path, "id"});
  }
  api::ToolCall* call = draft->message.add_tool_calls();
  call->set_id(block.id());
  call->set_type("function");
  call->mutable_function()->set_name(ShortToolName(block.name()));
  const bool none = block.input().empty() || block.input() == "null";
  call->mutable_function()->set_arguments(none ? "{}" : block.input());
  draft->exact = draft->exact && HasOnly(block, kCallMembers);
  api::ContentBlock* kept = draft->blocks.Add();
  *kept = block;
  kept->set_name(call->function().name());
  return true;
}

void RequestDecoder::Finish(Draft draft) {
  api::Message& message = draft.message;
  if (!draft.exact) {
    if (draft.blocks.empty()) {
      // Nothing: a block that is always left out. Without it, readers of blocks would read the parts.
      api::ContentBlock* nothing = draft.blocks.Add();
      nothing->set_type("text");
      nothing->set_text("");
    }
    *message.mutable_content_blocks() = std::move(draft.blocks);
  }
  const bool says_something = message.has_content() || !message.tool_calls().empty() ||
                              !message.content_blocks().empty() || message.has_reasoning_content();
  if (says_something) *hub_->add_messages() = std::move(message);
}

}  // namespace portolan::providers::anthropic
