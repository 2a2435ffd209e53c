#include <algorithm>
#include <array>

#include "providers/dialects/common/reasoning_details.h"
#include "providers/dialects/google/request.h"
#include "providers/dialects/google/signature.h"
#include "server/base/text.h"

namespace portolan::providers::gemini {

bool RequestEncoder::EncodeMessages() {
  for (int i = 0; i < hub_.messages_size(); ++i) {
    if (!EncodeMessage(hub_.messages(i), MemberPath{nullptr, "messages", i})) return false;
  }
  if (wire_->contents().empty()) {
    return Fail("missing_value", "there is no message of a user or assistant that says anything", "messages");
  }
  if (traits_.calls_are_signed) SignCalls();
  return true;
}

bool RequestEncoder::EncodeMessage(const api::Message& message, const MemberPath& path) {
  const std::string& role = message.role();
  kept_ = role == "assistant" ? KeptSignaturesOf(message) : KeptSignatures();
  DropMessageMembers(message, path);
  if (role == "system" || role == "developer") {
    // Instructions have one place only; later ones join the first, in order.
    turn_ = Turn::kSystem;
    return AppendContent(message, path);
  }
  if (role == "tool" || role == "function") return EncodeResult(message, path);
  if (role == "user") {
    turn_ = Turn::kUser;
    return AppendContent(message, path);
  }
  if (role == "assistant") return EncodeAssistant(message, path);
  return Fail("invalid_value",
              "expected one of system, developer, user, assistant, tool, function; got \"" + role + "\"",
              MemberPath{&path, "role"});
}

bool RequestEncoder::EncodeAssistant(const api::Message& message, const MemberPath& path) {
  turn_ = Turn::kModel;
  if (last_turn_ != Turn::kModel) calls_.BeginTurn();
  results_ = nullptr;
  if (!message.content_blocks().empty()) return AppendBlocks(message, path);

  last_part_ = nullptr;
  if (!AppendNativeParts(message.extra(), path)) return false;
  if (!AppendContent(message, path)) return false;
  AddText(message.refusal());
  if (!AppendImages(message.extra(), path)) return false;
  AttachSignature(message);
  for (int i = 0; i < message.tool_calls_size(); ++i) {
    if (!EncodeCall(message.tool_calls(i), MemberPath{&path, "tool_calls", i})) return false;
  }
  if (message.has_function_call()) {
    const MemberPath call{&path, "function_call"};
    DropExtras(message.function_call().extra(), call);
    AddCall({}, message.function_call().name(), message.function_call().arguments(), {}, call);
  }
  return true;
}

// A message's own signature came with the last of its texts, or behind them with an empty one.
void RequestEncoder::AttachSignature(const api::Message& message) {
  const Extras& extras = message.extra();
  std::string signature = SignatureIn(extras);
  if (signature.empty()) signature = kept_.of_message;
  if (signature.empty()) return;
  wire::Part* part = last_part_;
  const bool alone = JsonMember(GoogleContentIn(extras), "alone") == "true";
  if (alone || part == nullptr || !part->has_text() || part->has_thought_signature()) {
    part = AddPart();
    part->set_text("");
  }
  part->set_thought_signature(signature);
}

bool RequestEncoder::EncodeCall(const api::ToolCall& call, const MemberPath& path) {
  if (!call.has_function()) {
    return Fail("unsupported_value", "google has no calls of type \"" + call.type() + "\", only functions",
                path);
  }
  constexpr std::array<std::string_view, 1> kKnown = {kExtraContent};
  const MemberPath function{&path, "function"};
  DropExtras(call.extra(), path, kKnown);
  DropExtras(call.function().extra(), function);
  std::string signature = SignatureIn(call.extra());
  if (signature.empty()) signature = kept_.of_calls[static_cast<size_t>(path.index)];
  AddCall(call.id(), call.function().name(), call.function().arguments(), signature, function);
  return true;
}

// Models write arguments that are cut short or no object; what the function said to them follows, so they are
// sent in a form that the API takes.
void RequestEncoder::AddCall(std::string_view id, std::string_view name, std::string_view arguments,
                             std::string_view signature, const MemberPath& path) {
  wire::Part* part = AddPart();
  wire::FunctionCall* call = part->mutable_function_call();
  if (traits_.calls_are_signed && sends_ids_ && !id.empty()) call->set_id(std::string(id));
  call->set_name(std::string(name));
  if (TrimSpace(arguments).empty()) {
    call->set_args("{}");  // how models call a function without parameters
  } else if (IsJsonObject(arguments)) {
    call->set_args(std::string(arguments));
  } else {
    call->set_args(JsonObjectOfText("arguments", arguments));
    Drop(MemberPath{&path, "arguments"});
  }
  if (!signature.empty()) part->set_thought_signature(std::string(signature));
  calls_.Add(id, name);
}

// The API refuses a step whose first call has lost its signature, or never had one, as calls of other
// providers' models. Done for all steps, though only those of the last turn are looked at: a conversation
// that grows must begin with the same bytes, to stay in the cache.
void RequestEncoder::SignCalls() {
  for (wire::Content& content : *wire_->mutable_contents()) {
    auto* parts = content.mutable_parts();
    const auto first = std::find_if(parts->begin(), parts->end(),
                                    [](const wire::Part& part) { return part.has_function_call(); });
    if (first == parts->end() || first->has_thought_signature()) continue;
    first->set_thought_signature(std::string(kNoSignature));
  }
}

wire::Part* RequestEncoder::AddPart() {
  if (turn_ == Turn::kSystem) return wire_->mutable_system_instruction()->add_parts();
  if (last_turn_ != turn_) {
    last_turn_ = turn_;
    wire_->add_contents()->set_role(turn_ == Turn::kModel ? "model" : "user");
  }
  last_part_ = wire_->mutable_contents(wire_->contents_size() - 1)->add_parts();
  return last_part_;
}

wire::Part* RequestEncoder::AddText(std::string_view text) {
  if (text.empty()) return nullptr;
  wire::Part* part = AddPart();
  part->set_text(std::string(text));
  return part;
}

void RequestEncoder::DropMessageMembers(const api::Message& message, const MemberPath& path) {
  const bool is_model = message.role() == "assistant";
  if (message.has_name() && message.role() != "function") Drop(MemberPath{&path, "name"});
  if (message.has_cache_control()) Drop(MemberPath{&path, "cache_control"});
  if (message.content_blocks().empty()) {
    // What the model goes on from is its signatures; these are summaries for people.
    if (!message.reasoning_content().empty()) Drop(MemberPath{&path, "reasoning_content"});
    if (!message.reasoning().empty()) Drop(MemberPath{&path, "reasoning"});
    if (!message.annotations().empty()) Drop(MemberPath{&path, "annotations"});
  }
  if (message.has_audio() && is_model) Drop(MemberPath{&path, "audio"});
  constexpr std::array<std::string_view, 3> kOfModel = {kExtraContent, "images", kReasoningDetails};
  constexpr std::array<std::string_view, 1> kOfTool = {"is_error"};
  if (is_model) {
    const std::span<const std::string_view> known = kOfModel;
    DropExtras(message.extra(), path, kept_.any ? known : known.first(2));
    if (!kept_.any) return;
    for (const int at : kept_.lost) Drop(MemberPath{&path, kReasoningDetails, at});
  } else if (message.role() == "tool") {
    DropExtras(message.extra(), path, kOfTool);
  } else {
    DropExtras(message.extra(), path);
  }
}

}  // namespace portolan::providers::gemini
