#include "providers/dialects/common/media.h"
#include "providers/dialects/common/text.h"
#include "providers/dialects/common/web_media.h"
#include "providers/dialects/ollama/request.h"

namespace portolan::providers::ollama {
namespace {

std::string_view RoleOf(std::string_view role) {
  if (role == "developer") return "system";
  if (role == "function") return "tool";
  if (role == "system" || role == "user" || role == "assistant" || role == "tool") return role;
  return {};
}

}  // namespace

bool RequestEncoder::EncodeMessages() {
  for (int i = 0; i < hub_.messages_size(); ++i) {
    if (!EncodeMessage(hub_.messages(i), MemberPath{nullptr, "messages", i})) return false;
  }
  if (!wire_->messages().empty()) return true;
  return Fail("missing_value", "there is no message", "messages");
}

bool RequestEncoder::EncodeMessage(const api::Message& message, const MemberPath& path) {
  const std::string_view role = RoleOf(message.role());
  if (role.empty()) {
    return Fail(
        "invalid_value",
        "expected one of system, developer, user, assistant, tool, function; got \"" + message.role() + "\"",
        MemberPath{&path, "role"});
  }
  wire::Message* const out = wire_->add_messages();
  out->set_role(std::string(role));
  out->set_content("");
  if (!EncodeContent(message.content(), path, out)) return false;
  if (!message.refusal().empty()) out->mutable_content()->append(message.refusal());
  const std::string& reasoning =
      message.reasoning_content().empty() ? message.reasoning() : message.reasoning_content();
  if (!reasoning.empty()) out->set_thinking(reasoning);
  for (int i = 0; i < message.tool_calls_size(); ++i) {
    if (!EncodeCall(message.tool_calls(i), MemberPath{&path, "tool_calls", i}, out)) return false;
  }
  if (message.has_function_call()) {
    const MemberPath call{&path, "function_call"};
    wire::FunctionCall* const function = out->add_tool_calls()->mutable_function();
    function->set_name(message.function_call().name());
    EncodeArguments(message.function_call().arguments(), MemberPath{&call, "arguments"}, function);
  }
  if (role == "tool") {
    NameResult(message, out);
  } else if (message.has_name()) {
    Drop(MemberPath{&path, "name"});
  }
  if (message.has_audio()) {
    return Fail("unsupported_value", "ollama cannot take an assistant's audio", MemberPath{&path, "audio"});
  }
  if (!message.annotations().empty()) Drop(MemberPath{&path, "annotations"});
  DropExtras(message.extra(), &path);
  return true;
}

bool RequestEncoder::EncodeContent(const api::Content& content, const MemberPath& path, wire::Message* out) {
  if (content.kind_case() == api::Content::kText) out->set_content(content.text());
  const auto& parts = content.parts().items();
  for (int i = 0; i < parts.size(); ++i) {
    if (!EncodePart(parts.Get(i), MemberPath{&path, "content", i}, out)) return false;
  }
  return true;
}

bool RequestEncoder::EncodePart(const api::ContentPart& part, const MemberPath& path, wire::Message* out) {
  if (part.has_prompt_cache_breakpoint()) Drop(MemberPath{&path, "prompt_cache_breakpoint"});
  DropExtras(part.extra(), &path);
  if (part.type() == "text" || part.type() == "refusal") {
    const std::string& text = part.type() == "text" ? part.text() : part.refusal();
    if (!out->content().empty() && !text.empty()) out->mutable_content()->append("\n");
    out->mutable_content()->append(text);
    return true;
  }
  if (part.type() == "file") return EncodeFile(part.file(), MemberPath{&path, "file"}, out);
  if (part.type() != "image_url") {
    return Fail("unsupported_value", "ollama cannot take a part of type \"" + part.type() + "\"",
                MemberPath{&path, "type"});
  }
  const MemberPath image{&path, "image_url"};
  if (part.image_url().kind_case() == api::ImageUrl::kUri)
    return EncodeImage(part.image_url().uri(), image, out);
  // How closely it is looked at is the model's own.
  DropExtras(part.image_url().image().extra(), &image);
  return EncodeImage(part.image_url().image().url(), MemberPath{&image, "url"}, out);
}

// Of files it takes images alone.
bool RequestEncoder::EncodeFile(const api::FilePart& file, const MemberPath& path, wire::Message* out) {
  if (!file.file_id().empty()) {
    return Fail("unsupported_value", "ollama holds no uploaded files", MemberPath{&path, "file_id"});
  }
  DropExtras(file.extra(), &path);
  return EncodeImage(file.file_data(), MemberPath{&path, "file_data"}, out);
}

bool RequestEncoder::EncodeImage(std::string_view url, const MemberPath& path, wire::Message* out) {
  if (const std::string wrong = WrongWithPicture(facts_, url); !wrong.empty()) {
    return Fail("unsupported_value", path.ToString() + ": " + wrong, path);
  }
  if (const std::string_view fetched = FetchedFrom(facts_, url); !fetched.empty()) url = fetched;
  if (!IsDataUrl(url)) return Fail("unsupported_value", "expected an image in a data: or https: URL", path);
  DataUrl data;
  const std::string_view problem = ReadDataUrl(url, &data);
  if (!problem.empty()) return Fail("invalid_value", std::string(problem), path);
  if (!data.media_type.starts_with("image/")) {
    return Fail("unsupported_value", "ollama takes no media but images", path);
  }
  out->add_images(std::string(data.data));
  return true;
}

bool RequestEncoder::EncodeCall(const api::ToolCall& call, const MemberPath& path, wire::Message* out) {
  if (!call.has_function()) {
    return Fail("unsupported_value", "ollama has no calls of type \"" + call.type() + "\", only functions",
                path);
  }
  wire::ToolCall* const to = out->add_tool_calls();
  if (!call.id().empty()) to->set_id(call.id());
  to->mutable_function()->set_name(call.function().name());
  functions_[call.id()] = call.function().name();
  DropExtras(call.extra(), &path);
  const MemberPath function{&path, "function"};
  DropExtras(call.function().extra(), &function);
  EncodeArguments(call.function().arguments(), MemberPath{&function, "arguments"}, to->mutable_function());
  return true;
}

// Models write arguments that are cut short or no object; what the tool said to them follows, so they are
// sent in a form that the API takes.
void RequestEncoder::EncodeArguments(std::string_view arguments, const MemberPath& path,
                                     wire::FunctionCall* out) {
  if (IsBlank(arguments)) {
    out->set_arguments("{}");  // how models call a function without parameters
  } else if (IsJsonObject(arguments)) {
    out->set_arguments(std::string(arguments));
  } else {
    out->set_arguments(JsonObjectOfText("arguments", arguments));
    Drop(path);
  }
}

// Older servers know a result by its function, newer ones by its call.
void RequestEncoder::NameResult(const api::Message& message, wire::Message* out) const {
  const auto called = functions_.find(message.tool_call_id());
  if (!message.name().empty()) {
    out->set_tool_name(message.name());
  } else if (called != functions_.end()) {
    out->set_tool_name(called->second);
  }
  if (!message.tool_call_id().empty()) out->set_tool_call_id(message.tool_call_id());
}

}  // namespace portolan::providers::ollama
