#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "providers/dialects/google/request.h"
#include "providers/dialects/google/schema.h"

namespace portolan::providers::gemini {
namespace {

// The API's own tools.
constexpr std::array<std::string_view, 10> kOwnTools = {
    "codeExecution", "computerUse",  "enterpriseWebSearch",   "fileSearch", "functionDeclarations",
    "googleMaps",    "googleSearch", "googleSearchRetrieval", "mcpServers", "urlContext"};

bool IsOwnTool(std::string_view name) {
  return std::find(kOwnTools.begin(), kOwnTools.end(), name) != kOwnTools.end();
}

// The name in {"type":"function","function":{"name":…}}, or in {…,"name":…}; empty if it has none.
std::string NameInReference(std::string_view json) {
  std::string name = JsonText(JsonMember(JsonMember(json, "function"), "name"));
  return name.empty() ? JsonText(JsonMember(json, "name")) : name;
}

}  // namespace

bool RequestEncoder::EncodeTools() {
  for (int i = 0; i < hub_.functions_size(); ++i) {
    EncodeFunction(hub_.functions(i), MemberPath{nullptr, "functions", i});
  }
  for (int i = 0; i < hub_.tools_size(); ++i) {
    if (!EncodeTool(hub_.tools(i), MemberPath{nullptr, "tools", i})) return false;
  }
  if (hub_.has_web_search_options()) EncodeWebSearch();
  const auto& tools = wire_->tools();
  const bool functions = std::any_of(tools.begin(), tools.end(), [](const wire::Tool& tool) {
    return tool.function_declarations_size() > 0;
  });
  const bool own =
      std::any_of(tools.begin(), tools.end(), [](const wire::Tool& tool) { return tool.extra_size() > 0; });
  // Without it the API refuses the two kinds together; older models refuse them in any case.
  if (functions && own && traits_.calls_are_signed && sends_server_tools_) {
    wire_->mutable_tool_config()->set_include_server_side_tool_invocations(true);
  }
  return true;
}

bool RequestEncoder::EncodeTool(const api::Tool& tool, const MemberPath& path) {
  if (tool.has_cache_control()) Drop(MemberPath{&path, "cache_control"});
  if (tool.has_function()) {
    DropExtras(tool.extra(), path);
    EncodeFunction(tool.function(), MemberPath{&path, "function"});
    return true;
  }
  // One of Google's own, in its own form (`{"google_search":{}}`) or by its type alone.
  wire::Tool own;
  for (const api::Extra& extra : tool.extra()) {
    const std::string name = CamelCase(extra.name());
    if (!IsOwnTool(name)) {
      return Fail("unsupported_value", "google has no such tool", MemberPath{&path, extra.name()});
    }
    if (FindExtra(own.extra(), name).empty()) AddExtra(name, extra.json(), own.mutable_extra());
  }
  const std::string type = CamelCase(tool.type());
  if (own.extra().empty() && IsOwnTool(type)) AddExtra(type, "{}", own.mutable_extra());
  if (own.extra().empty()) {
    return Fail("unsupported_value", "google has no tools of type \"" + tool.type() + "\"",
                MemberPath{&path, "type"});
  }
  *wire_->add_tools() = std::move(own);
  return true;
}

void RequestEncoder::EncodeFunction(const api::FunctionDefinition& function, const MemberPath& path) {
  // All functions are one tool, the first.
  const bool first = wire_->tools().empty() || wire_->tools(0).function_declarations().empty();
  if (first) {
    wire_->add_tools();
    for (int at = wire_->tools_size() - 1; at > 0; --at) wire_->mutable_tools()->SwapElements(at, at - 1);
  }
  wire::FunctionDeclaration* out = wire_->mutable_tools(0)->add_function_declarations();
  out->set_name(function.name());
  if (function.has_description()) out->set_description(function.description());
  const std::string& parameters = function.parameters();
  if (!parameters.empty() && !IsEmptyJson(parameters)) {
    out->set_parameters_json_schema(FitSchema(parameters, SchemaUse::kParameters));
  }
  // The API has no such promise for single functions.
  if (function.strict()) Drop(MemberPath{&path, "strict"});
  DropExtras(function.extra(), path);
}

// OpenAI searches the web for models that are made for it; for Google it is a tool like others.
void RequestEncoder::EncodeWebSearch() {
  const MemberPath path{nullptr, "web_search_options"};
  AddExtra("googleSearch", "{}", wire_->add_tools()->mutable_extra());
  const std::string& size = hub_.web_search_options().search_context_size();
  if (!size.empty() && size != "medium") Drop(MemberPath{&path, "search_context_size"});
  if (hub_.web_search_options().has_user_location()) Drop(MemberPath{&path, "user_location"});
  DropExtras(hub_.web_search_options().extra(), path);
}

bool RequestEncoder::HasFunction(std::string_view name) const {
  if (wire_->tools().empty()) return false;
  const auto& functions = wire_->tools(0).function_declarations();
  return std::any_of(functions.begin(), functions.end(),
                     [&](const wire::FunctionDeclaration& function) { return function.name() == name; });
}

bool RequestEncoder::EncodeToolChoice() {
  const bool deprecated = hub_.has_function_call() && !hub_.has_tool_choice();
  const MemberPath path{nullptr, deprecated ? "function_call" : "tool_choice"};
  wire::FunctionCallingConfig config;
  if (deprecated && hub_.function_call().has_function()) {
    config.set_mode("ANY");
    config.add_allowed_function_names(hub_.function_call().function().name());
  } else if (!deprecated && hub_.tool_choice().has_named()) {
    if (!EncodeNamedChoice(hub_.tool_choice().named(), path, &config)) return false;
  } else if (deprecated || hub_.has_tool_choice()) {
    const std::string& mode = deprecated ? hub_.function_call().mode() : hub_.tool_choice().mode();
    if (mode != "auto" && mode != "none" && mode != "required") {
      return Fail("invalid_value", "expected auto, none, required or an object; got \"" + mode + "\"", path);
    }
    config.set_mode(mode == "required" ? "ANY" : mode == "none" ? "NONE" : "AUTO");
  }
  for (const std::string& name : config.allowed_function_names()) {
    if (!HasFunction(name)) return Fail("invalid_value", "there is no function \"" + name + "\"", path);
  }
  const bool functions = !wire_->tools().empty() && !wire_->tools(0).function_declarations().empty();
  if (!functions) {
    if (config.mode() == "ANY") return Fail("missing_value", "there are no tools to choose from", path);
    return true;  // the API refuses a choice among nothing
  }
  if (hub_.has_parallel_tool_calls() && !hub_.parallel_tool_calls()) Drop("parallel_tool_calls");
  if (config.has_mode()) {
    *wire_->mutable_tool_config()->mutable_function_calling_config() = std::move(config);
  }
  return true;
}

bool RequestEncoder::EncodeNamedChoice(const api::NamedToolChoice& choice, const MemberPath& path,
                                       wire::FunctionCallingConfig* out) {
  DropExtras(choice.extra(), path);
  if (choice.has_function()) {
    out->set_mode("ANY");
    out->add_allowed_function_names(choice.function().name());
    return true;
  }
  if (choice.has_allowed_tools()) {
    return EncodeAllowedTools(choice.allowed_tools(), MemberPath{&path, "allowed_tools"}, out);
  }
  return Fail("unsupported_value", "google has no tool choice of type \"" + choice.type() + "\"",
              MemberPath{&path, "type"});
}

// The API knows subsets only where a call is demanded; else the model is offered the allowed tools alone.
bool RequestEncoder::EncodeAllowedTools(const api::AllowedTools& allowed, const MemberPath& path,
                                        wire::FunctionCallingConfig* out) {
  std::vector<std::string> names;
  for (int i = 0; i < allowed.tools_size(); ++i) {
    names.push_back(NameInReference(allowed.tools(i)));
    if (!HasFunction(names.back())) {
      return Fail("invalid_value", "expected a reference to one of the functions",
                  MemberPath{&path, "tools", i});
    }
  }
  if (names.empty()) return Fail("missing_value", "no tool is allowed", MemberPath{&path, "tools"});
  const bool required = allowed.mode() == "required";
  out->set_mode(required ? "ANY" : "AUTO");
  if (required) {
    for (std::string& name : names) out->add_allowed_function_names(std::move(name));
    return true;
  }
  auto* functions = wire_->mutable_tools(0)->mutable_function_declarations();
  functions->erase(std::remove_if(functions->begin(), functions->end(),
                                  [&](const wire::FunctionDeclaration& function) {
                                    return std::find(names.begin(), names.end(), function.name()) ==
                                           names.end();
                                  }),
                   functions->end());
  return true;
}

}  // namespace portolan::providers::gemini
