#include <algorithm>
#include <array>

#include "providers/dialects/anthropic/request.h"
#include "providers/dialects/common/input_schema.h"
#include "providers/dialects/common/json.h"
#include "server/codec/json_reader.h"

namespace portolan::providers::anthropic {
namespace {

constexpr std::string_view kNoParameters = R"({"type":"object","properties":{}})";

// Members of a tool that Anthropic has and OpenAI has not.
constexpr std::array<std::string_view, 5> kToolMembers = {"allowed_callers", "cache_control", "defer_loading",
                                                          "eager_input_streaming", "input_examples"};

// The name in {"type":"function","function":{"name":…}}, or in {…,"name":…}; empty if it has none.
std::string NameInReference(std::string_view json) {
  codec::JsonReader reader(json);
  if (reader.Peek() != codec::JsonType::kObject || !reader.EnterObject()) return {};
  std::string name;
  std::string scratch;
  for (std::string_view key; reader.NextMember(&key, &scratch);) {
    const bool is_name = key == "name";
    const bool is_function = key == "function";
    if (is_name && reader.Peek() == codec::JsonType::kString) {
      std::string unescaped;
      std::string_view value;
      if (reader.ReadString(&value, &unescaped)) name = value;
    } else if (is_function && reader.Peek() == codec::JsonType::kObject) {
      std::string_view raw;
      if (reader.Skip(&raw)) name = NameInReference(raw);
    } else {
      reader.Skip();
    }
  }
  return name;
}

}  // namespace

bool RequestEncoder::EncodeTools() {
  for (int i = 0; i < hub_.tools_size(); ++i) {
    if (!EncodeTool(hub_.tools(i), MemberPath{nullptr, "tools", i})) return false;
  }
  for (int i = 0; i < hub_.functions_size(); ++i) {
    if (!EncodeFunction(hub_.functions(i), MemberPath{nullptr, "functions", i}, wire_->add_tools()))
      return false;
  }
  if (hub_.has_web_search_options()) EncodeWebSearch();
  return true;
}

bool RequestEncoder::EncodeTool(const api::Tool& tool, const MemberPath& path) {
  if (tool.has_custom()) {
    return Fail("unsupported_value", "anthropic has no tools with free text as input",
                MemberPath{&path, "custom"});
  }
  wire::Tool* out = wire_->add_tools();
  if (tool.has_cache_control()) *out->mutable_cache_control() = tool.cache_control();
  if (tool.has_function()) {
    if (!EncodeFunction(tool.function(), MemberPath{&path, "function"}, out)) return false;
    TakeExtras(tool.extra(), kToolMembers, &path, out->mutable_extra());
    return true;
  }
  // A tool of Anthropic's own, or one of the caller's in Anthropic's form.
  if (tool.extra().empty() || tool.type() == "function") {
    return Fail("missing_value", "the tool has neither a function nor members of another kind", path);
  }
  if (tool.has_type()) out->set_type(tool.type());
  *out->mutable_extra() = tool.extra();
  for (api::Extra& extra : *out->mutable_extra()) {
    std::string mended;
    if (extra.name() == "input_schema" && FitInputSchema(extra.json(), &mended) == SchemaFit::kMended) {
      extra.set_json(std::move(mended));
    }
  }
  return true;
}

bool RequestEncoder::EncodeFunction(const api::FunctionDefinition& function, const MemberPath& path,
                                    wire::Tool* out) {
  out->set_name(function.name());
  if (function.has_description()) out->set_description(function.description());
  const std::string& parameters = function.parameters();
  const bool none = parameters.empty() || IsEmptyJson(parameters);
  std::string mended;
  const SchemaFit fit = none ? SchemaFit::kGood : FitInputSchema(parameters, &mended);
  if (fit == SchemaFit::kNoSchema)
    return Fail("invalid_value", "expected a JSON Schema", MemberPath{&path, "parameters"});
  if (fit == SchemaFit::kMended) {
    out->set_input_schema(std::move(mended));
  } else {
    out->set_input_schema(none ? std::string(kNoParameters) : parameters);
  }
  if (function.strict()) out->set_strict(true);
  if (out->has_cache_control()) {
    TakeExtras(function.extra(), std::span(kToolMembers).subspan(2), &path, out->mutable_extra());
  } else {
    TakeExtras(function.extra(), kToolMembers, &path, out->mutable_extra());
  }
  return true;
}

// OpenAI searches the web for models that are made for it; for Anthropic it is a tool like others.
void RequestEncoder::EncodeWebSearch() {
  const api::WebSearchOptions& options = hub_.web_search_options();
  wire::Tool* tool = wire_->add_tools();
  tool->set_type("web_search_20250305");
  tool->set_name("web_search");
  if (options.has_user_location()) {
    const api::ApproximateLocation& from = options.user_location().approximate();
    wire::UserLocation* to = tool->mutable_user_location();
    to->set_type("approximate");
    if (from.has_city()) to->set_city(from.city());
    if (from.has_country()) to->set_country(from.country());
    if (from.has_region()) to->set_region(from.region());
    if (from.has_timezone()) to->set_timezone(from.timezone());
  }
  const MemberPath path{nullptr, "web_search_options"};
  const std::string& size = options.search_context_size();
  if (!size.empty() && size != "medium") Drop(MemberPath{&path, "search_context_size"});
  TakeExtras(options.extra(), {}, &path, nullptr);
}

bool RequestEncoder::EncodeToolChoice() {
  const bool deprecated = hub_.has_function_call() && !hub_.has_tool_choice();
  const MemberPath path{nullptr, deprecated ? "function_call" : "tool_choice"};
  wire::ToolChoice choice;
  if (deprecated && hub_.function_call().has_function()) {
    choice.set_type("tool");
    choice.set_name(hub_.function_call().function().name());
  } else if (!deprecated && hub_.tool_choice().has_named()) {
    if (!EncodeNamedChoice(hub_.tool_choice().named(), path, &choice)) return false;
  } else if (deprecated || hub_.has_tool_choice()) {
    const std::string& mode = deprecated ? hub_.function_call().mode() : hub_.tool_choice().mode();
    if (mode != "auto" && mode != "none" && mode != "required") {
      return Fail("invalid_value", "expected auto, none, required or an object; got \"" + mode + "\"", path);
    }
    choice.set_type(mode == "required" ? "any" : mode);
  }
  const std::string& type = choice.type();
  if (wire_->tools().empty()) {
    if (type == "any" || type == "tool")
      return Fail("missing_value", "there are no tools to choose from", path);
    return true;  // the API refuses a choice among nothing
  }
  if (hub_.has_parallel_tool_calls() && !hub_.parallel_tool_calls() && type != "none") {
    if (type.empty()) choice.set_type("auto");
    choice.set_disable_parallel_tool_use(true);
  }
  if (!choice.type().empty()) *wire_->mutable_tool_choice() = std::move(choice);
  return true;
}

bool RequestEncoder::EncodeNamedChoice(const api::NamedToolChoice& choice, const MemberPath& path,
                                       wire::ToolChoice* out) {
  const std::string& type = choice.type();
  if (choice.has_function()) {
    out->set_type("tool");
    out->set_name(choice.function().name());
    return true;
  }
  if (choice.has_allowed_tools()) {
    const bool required = choice.allowed_tools().mode() == "required";
    out->set_type(required ? "any" : "auto");
    return KeepAllowedTools(choice.allowed_tools(), MemberPath{&path, "allowed_tools"});
  }
  if (type == "auto" || type == "any" || type == "tool" || type == "none") {  // in Anthropic's own form
    out->set_type(type);
    for (const api::Extra& extra : choice.extra()) {
      if (extra.name() == "disable_parallel_tool_use") {
        out->set_disable_parallel_tool_use(extra.json() == "true");
      } else {
        *out->add_extra() = extra;
      }
    }
    return true;
  }
  return Fail("unsupported_value", "anthropic has no tool choice of type \"" + type + "\"",
              MemberPath{&path, "type"});
}

// The API knows no subsets: the model is offered the allowed tools only.
bool RequestEncoder::KeepAllowedTools(const api::AllowedTools& allowed, const MemberPath& path) {
  std::vector<std::string> names;
  for (int i = 0; i < allowed.tools_size(); ++i) {
    std::string name = NameInReference(allowed.tools(i));
    const bool known = std::any_of(wire_->tools().begin(), wire_->tools().end(), [&](const wire::Tool& tool) {
      return !name.empty() && tool.name() == name;
    });
    if (!known)
      return Fail("invalid_value", "expected a reference to one of the tools", MemberPath{&path, "tools", i});
    names.push_back(std::move(name));
  }
  auto* tools = wire_->mutable_tools();
  for (int i = tools->size() - 1; i >= 0; --i) {
    const std::string& name = tools->Get(i).name();
    if (std::find(names.begin(), names.end(), name) == names.end()) tools->DeleteSubrange(i, 1);
  }
  return true;
}

}  // namespace portolan::providers::anthropic
