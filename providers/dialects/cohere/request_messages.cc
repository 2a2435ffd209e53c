#include <algorithm>

#include "providers/dialects/cohere/request.h"
#include "providers/dialects/common/text.h"

namespace portolan::providers::cohere {
namespace {

constexpr std::string_view kErrorPrefix = "Error: ";
// What a message says beside a document, which stands apart, if the caller says nothing.
constexpr std::string_view kBesideDocument = "See the attached document.";

// A text stays one if the caller wrote it so.
void SetContent(const api::Message& from, Parts parts, wire::Message* out) {
  if (parts.empty()) return;
  const bool text =
      from.content().kind_case() == api::Content::kText && parts.size() == 1 && parts.Get(0).has_text();
  if (text) {
    out->mutable_content()->set_text(parts.Get(0).text());
  } else {
    out->mutable_content()->mutable_parts()->mutable_items()->Swap(&parts);
  }
}

bool MakesCalls(const api::Message& message) {
  if (message.content_blocks().empty()) return !message.tool_calls().empty() || message.has_function_call();
  return std::any_of(message.content_blocks().begin(), message.content_blocks().end(),
                     [](const api::ContentBlock& block) { return block.type() == "tool_use"; });
}

bool IsError(const api::Message& message) {
  if (FindExtra(message.extra(), "is_error") == "true") return true;
  return std::any_of(message.content_blocks().begin(), message.content_blocks().end(),
                     [](const api::ContentBlock& block) { return block.is_error(); });
}

}  // namespace

void AddText(std::string_view text, Parts* parts) {
  if (IsBlank(text)) return;
  wire::Part* part = parts->Add();
  part->set_type("text");
  part->set_text(std::string(text));
}

bool RequestEncoder::EncodeMessages() {
  for (int i = 0; i < hub_.messages_size(); ++i) {
    number_ = i + 1;
    if (!EncodeMessage(hub_.messages(i), MemberPath{nullptr, "messages", i})) return false;
  }
  FlushMedia();
  if (!wire_->messages().empty()) return true;
  return Fail("missing_value", "there is no message that says anything", "messages");
}

bool RequestEncoder::EncodeMessage(const api::Message& message, const MemberPath& path) {
  const std::string& role = message.role();
  if (role == "tool" || role == "function") return EncodeResult(message, path);
  FlushMedia();
  if (role == "system" || role == "developer") return EncodeSaid(message, Role::kSystem, path);
  if (role == "user") return EncodeSaid(message, Role::kUser, path);
  if (role == "assistant") return EncodeAssistant(message, path);
  return Fail("invalid_value",
              "expected one of system, developer, user, assistant, tool, function; got \"" + role + "\"",
              MemberPath{&path, "role"});
}

bool RequestEncoder::EncodeSaid(const api::Message& message, Role role, const MemberPath& path) {
  DropMessageMembers(message, role, path);
  wire::Message out;
  Parts parts;
  const int documents = document_count_;
  if (!message.content_blocks().empty()) {
    if (!AppendBlocks(message, role, path, &out, &parts)) return false;
  } else if (!AppendContent(message, role, path, &parts)) {
    return false;
  }
  if (parts.empty() && document_count_ > documents) AddText(kBesideDocument, &parts);
  if (parts.empty()) return true;
  if (role == Role::kUser) tool_ids_.EndTurn();
  out.set_role(role == Role::kUser ? "user" : "system");
  SetContent(message, std::move(parts), &out);
  *wire_->add_messages() = std::move(out);
  return true;
}

bool RequestEncoder::EncodeAssistant(const api::Message& message, const MemberPath& path) {
  DropMessageMembers(message, Role::kAssistant, path);
  wire::Message out;
  out.set_role("assistant");
  Parts parts;
  const std::string plan = JsonText(FindExtra(message.extra(), "tool_plan"));
  if (!plan.empty()) out.set_tool_plan(plan);
  if (!message.content_blocks().empty()) {
    if (!AppendBlocks(message, Role::kAssistant, path, &out, &parts)) return false;
  } else {
    const std::string& reasoning =
        message.reasoning_content().empty() ? message.reasoning() : message.reasoning_content();
    const std::string_view name = message.reasoning_content().empty() ? "reasoning" : "reasoning_content";
    if (reasoning != plan)
      AddReasoning(reasoning, MakesCalls(message), MemberPath{&path, name}, &out, &parts);
    if (!AppendContent(message, Role::kAssistant, path, &parts)) return false;
    AddText(message.refusal(), &parts);
    for (int i = 0; i < message.tool_calls_size(); ++i) {
      if (!EncodeToolCall(message.tool_calls(i), MemberPath{&path, "tool_calls", i}, &out)) return false;
    }
    if (message.has_function_call()) {
      const MemberPath function{&path, "function_call"};
      wire::ToolCall* call = out.add_tool_calls();
      call->set_id(tool_ids_.ForCall({}, number_));
      EncodeArguments(message.function_call().name(), message.function_call().arguments(),
                      MemberPath{&function, "arguments"}, call);
    }
  }
  // What was said aloud is kept at the provider that made it, under an id that means nothing here.
  if (message.has_audio() && parts.empty()) {
    return Fail("unsupported_value", "cohere cannot take an assistant's audio", MemberPath{&path, "audio"});
  }
  if (message.has_audio()) Drop(MemberPath{&path, "audio"});
  if (parts.empty() && out.tool_calls().empty()) return true;
  const std::string_view citations = FindExtra(message.extra(), "citations");
  if (IsJsonArray(citations) && !IsEmptyJson(citations)) out.set_citations(std::string(citations));
  SetContent(message, std::move(parts), &out);
  *wire_->add_messages() = std::move(out);
  return true;
}

// Models that reason say so in a part of its own; older ones have a plan for their calls.
void RequestEncoder::AddReasoning(std::string_view text, bool with_calls, const MemberPath& path,
                                  wire::Message* out, Parts* parts) {
  if (IsBlank(text)) return;
  if (may_reason_) {
    wire::Part* part = parts->Add();
    part->set_type("thinking");
    part->set_thinking(std::string(text));
  } else if (with_calls) {
    out->mutable_tool_plan()->append(text);
  } else {
    Drop(path);
  }
}

bool RequestEncoder::EncodeToolCall(const api::ToolCall& call, const MemberPath& path, wire::Message* out) {
  if (!call.has_function()) {
    return Fail("unsupported_value", "cohere has no calls of type \"" + call.type() + "\", only functions",
                path);
  }
  wire::ToolCall* to = out->add_tool_calls();
  to->set_id(tool_ids_.ForCall(call.id(), number_));
  DropExtras(call.extra(), &path);
  const MemberPath function{&path, "function"};
  DropExtras(call.function().extra(), &function);
  EncodeArguments(call.function().name(), call.function().arguments(), MemberPath{&function, "arguments"},
                  to);
  return true;
}

// Models write arguments that are cut short or no object; what the tool said to them follows, so they are
// sent in a form that the API takes.
void RequestEncoder::EncodeArguments(std::string_view name, std::string_view arguments,
                                     const MemberPath& path, wire::ToolCall* call) {
  call->set_type("function");
  wire::FunctionCall* function = call->mutable_function();
  function->set_name(std::string(name));
  if (IsBlank(arguments)) {
    function->set_arguments("{}");  // how models call a function without parameters
  } else if (IsJsonObject(arguments)) {
    function->set_arguments(std::string(arguments));
  } else {
    function->set_arguments(JsonObjectOfText("arguments", arguments));
    Drop(path);
  }
}

bool RequestEncoder::EncodeResult(const api::Message& message, const MemberPath& path) {
  DropMessageMembers(message, Role::kTool, path);
  std::string_view id = message.tool_call_id();
  for (const api::ContentBlock& block : message.content_blocks()) {
    if (id.empty()) id = block.tool_use_id();
  }
  // The deprecated function messages name no call.
  if (message.role() == "function") id = {};
  wire::Message out;
  out.set_role("tool");
  out.set_tool_call_id(tool_ids_.ForResult(id));
  if (out.tool_call_id().empty()) {
    return Fail("missing_value", "a tool's answer must name the call it answers",
                MemberPath{&path, "tool_call_id"});
  }
  Parts parts;
  if (!message.content_blocks().empty()) {
    if (!AppendBlocks(message, Role::kTool, path, &out, &parts)) return false;
  } else if (!AppendContent(message, Role::kTool, path, &parts)) {
    return false;
  }
  if (IsError(message)) {
    if (parts.empty() || !parts.Get(0).has_text()) {
      parts.Add()->set_type("text");
      for (int at = parts.size() - 1; at > 0; --at) parts.SwapElements(at, at - 1);
    }
    wire::Part* first = parts.Mutable(0);
    first->set_text(std::string(kErrorPrefix) + first->text());
  }
  SetContent(message, std::move(parts), &out);
  if (!out.has_content()) out.mutable_content()->set_text("");  // it is required
  *wire_->add_messages() = std::move(out);
  return true;
}

// Nothing may stand between results of tools, which hold texts only.
void RequestEncoder::FlushMedia() {
  if (media_.empty()) return;
  wire::Message* message = wire_->add_messages();
  message->set_role("user");
  message->mutable_content()->mutable_parts()->mutable_items()->Swap(&media_);
  media_.Clear();
}

void RequestEncoder::DropMessageMembers(const api::Message& message, Role role, const MemberPath& path) {
  if (message.has_name() && message.role() != "function") Drop(MemberPath{&path, "name"});
  if (message.has_cache_control()) Drop(MemberPath{&path, "cache_control"});
  const bool own = role == Role::kAssistant;
  for (const api::Extra& extra : message.extra()) {
    if (IsEmptyJson(extra.json()) || (role == Role::kTool && extra.name() == "is_error")) continue;
    if (own && extra.name() == "tool_plan" && !JsonText(extra.json()).empty()) continue;
    if (own && extra.name() == "citations" && IsJsonArray(extra.json())) continue;
    Drop(MemberPath{&path, extra.name()});
  }
  // With Cohere's own citations, annotations say nothing more.
  const bool cited = own && !FindExtra(message.extra(), "citations").empty();
  if (!message.annotations().empty() && !cited) Drop(MemberPath{&path, "annotations"});
}

}  // namespace portolan::providers::cohere
