#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "providers/dialects/cohere/request.h"

namespace portolan::providers::cohere {
namespace {

// What a function without a schema takes: Cohere wants to know.
constexpr std::string_view kNoParameters = R"({"type":"object","properties":{}})";

// The name in {"type":"function","function":{"name":…}}, or in {…,"name":…}; empty if it has none.
std::string NameInReference(std::string_view json) {
  const std::string_view function = JsonMember(json, "function");
  return JsonText(JsonMember(function.empty() ? json : function, "name"));
}

}  // namespace

bool RequestEncoder::EncodeTools() {
  for (int i = 0; i < hub_.tools_size(); ++i) {
    if (!EncodeTool(hub_.tools(i), MemberPath{nullptr, "tools", i})) return false;
  }
  for (int i = 0; i < hub_.functions_size(); ++i) {
    if (!EncodeFunction(hub_.functions(i), MemberPath{nullptr, "functions", i})) return false;
  }
  EncodeStrictness();
  if (!hub_.has_web_search_options()) return true;
  return Fail("unsupported_parameter", "cohere does not search the web", "web_search_options");
}

bool RequestEncoder::EncodeTool(const api::Tool& tool, const MemberPath& path) {
  if (tool.has_custom()) {
    return Fail("unsupported_value", "cohere has no tools with free text as input",
                MemberPath{&path, "custom"});
  }
  if (!tool.has_function()) {
    return Fail("unsupported_value", "cohere has no tools of type \"" + tool.type() + "\"",
                MemberPath{&path, "type"});
  }
  if (tool.has_cache_control()) Drop(MemberPath{&path, "cache_control"});
  DropExtras(tool.extra(), &path);
  return EncodeFunction(tool.function(), MemberPath{&path, "function"});
}

bool RequestEncoder::EncodeFunction(const api::FunctionDefinition& function, const MemberPath& path) {
  const std::string& parameters = function.parameters();
  const bool none = parameters.empty() || IsEmptyJson(parameters);
  if (!none && !IsJsonObject(parameters)) {
    return Fail("invalid_value", "expected a JSON Schema object", MemberPath{&path, "parameters"});
  }
  wire::Tool* tool = wire_->add_tools();
  tool->set_type("function");
  wire::ToolFunction* to = tool->mutable_function();
  to->set_name(function.name());
  if (!function.description().empty()) to->set_description(function.description());
  to->set_parameters(std::string(none ? kNoParameters : std::string_view(parameters)));
  DropExtras(function.extra(), &path);
  return true;
}

// Cohere keeps to all schemas or to none, and cannot keep to one without a required member.
void RequestEncoder::EncodeStrictness() {
  int strict = 0;
  for (const api::Tool& tool : hub_.tools()) strict += tool.function().strict() ? 1 : 0;
  for (const api::FunctionDefinition& function : hub_.functions()) strict += function.strict() ? 1 : 0;
  if (strict == 0) return;
  if (strict == wire_->tools_size()) {
    wire_->set_strict_tools(true);
    return;
  }
  for (int i = 0; i < hub_.tools_size(); ++i) {
    const MemberPath path{nullptr, "tools", i};
    const MemberPath function{&path, "function"};
    if (hub_.tools(i).function().strict()) Drop(MemberPath{&function, "strict"});
  }
  for (int i = 0; i < hub_.functions_size(); ++i) {
    const MemberPath path{nullptr, "functions", i};
    if (hub_.functions(i).strict()) Drop(MemberPath{&path, "strict"});
  }
}

bool RequestEncoder::EncodeToolChoice() {
  const bool deprecated = hub_.has_function_call() && !hub_.has_tool_choice();
  const MemberPath path{nullptr, deprecated ? "function_call" : "tool_choice"};
  std::string type;
  std::string name;
  if (deprecated && hub_.function_call().has_function()) {
    type = "required";
    name = hub_.function_call().function().name();
  } else if (!deprecated && hub_.tool_choice().has_named()) {
    if (!EncodeNamedChoice(hub_.tool_choice().named(), path, &type, &name)) return false;
  } else if (deprecated || hub_.has_tool_choice()) {
    type = deprecated ? hub_.function_call().mode() : hub_.tool_choice().mode();
  }
  if (!type.empty() && type != "auto" && type != "none" && type != "required") {
    return Fail("invalid_value", "expected auto, none, required or an object; got \"" + type + "\"", path);
  }
  const bool forced = type == "required";
  if (wire_->tools().empty()) {
    return !forced || Fail("missing_value", "there are no tools to choose from", path);
  }
  if (!name.empty() && !KeepTool(name, path)) return false;
  if (forced) wire_->set_tool_choice("REQUIRED");
  if (type == "none") wire_->set_tool_choice("NONE");
  if (hub_.has_parallel_tool_calls() && !hub_.parallel_tool_calls() && type != "none") {
    Drop("parallel_tool_calls");
  }
  return true;
}

bool RequestEncoder::EncodeNamedChoice(const api::NamedToolChoice& choice, const MemberPath& path,
                                       std::string* type, std::string* name) {
  *type = "required";
  if (choice.has_function()) {
    *name = choice.function().name();
    if (!name->empty()) return true;
    return Fail("missing_value", "which function is to be called?", MemberPath{&path, "function"});
  }
  if (choice.has_allowed_tools()) {
    if (choice.allowed_tools().mode() != "required") *type = "auto";
    return KeepAllowedTools(choice.allowed_tools(), MemberPath{&path, "allowed_tools"});
  }
  // In the form that Anthropic's callers use.
  const std::string& given = choice.type();
  if (given == "auto" || given == "none") *type = given;
  if (given == "tool") *name = JsonText(FindExtra(choice.extra(), "name"));
  if (given == "auto" || given == "none" || given == "any" || given == "tool") return true;
  return Fail("unsupported_value", "cohere has no tool choice of type \"" + given + "\"",
              MemberPath{&path, "type"});
}

// A tool cannot be named: it is the only one to choose from.
bool RequestEncoder::KeepTool(std::string_view name, const MemberPath& path) {
  auto* tools = wire_->mutable_tools();
  tools->erase(std::remove_if(tools->begin(), tools->end(),
                              [&](const wire::Tool& tool) { return tool.function().name() != name; }),
               tools->end());
  if (!tools->empty()) return true;
  return Fail("invalid_value", "there is no tool of the name \"" + std::string(name) + "\"", path);
}

// The API knows no subsets: the model is offered the allowed tools only.
bool RequestEncoder::KeepAllowedTools(const api::AllowedTools& allowed, const MemberPath& path) {
  absl::flat_hash_set<std::string> offered;
  for (const wire::Tool& tool : wire_->tools()) offered.insert(tool.function().name());
  absl::flat_hash_set<std::string> names;
  for (int i = 0; i < allowed.tools_size(); ++i) {
    std::string name = NameInReference(allowed.tools(i));
    if (name.empty() || !offered.contains(name)) {
      return Fail("invalid_value", "expected a reference to one of the tools", MemberPath{&path, "tools", i});
    }
    names.insert(std::move(name));
  }
  auto* tools = wire_->mutable_tools();
  tools->erase(
      std::remove_if(tools->begin(), tools->end(),
                     [&](const wire::Tool& tool) { return !names.contains(tool.function().name()); }),
      tools->end());
  return true;
}

}  // namespace portolan::providers::cohere
