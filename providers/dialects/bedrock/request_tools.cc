#include <algorithm>
#include <array>

#include "absl/container/flat_hash_set.h"
#include "providers/dialects/bedrock/request.h"
#include "providers/dialects/common/input_schema.h"
#include "providers/dialects/common/text.h"

namespace portolan::providers::bedrock {
namespace {

constexpr std::string_view kNoParameters = R"({"type":"object","properties":{}})";

// What a tool is, if it is no function: in Converse's own form.
constexpr std::array<std::string_view, 2> kNativeTools = {"systemTool", "toolSpec"};

// What is said of a tool that is no longer offered.
constexpr std::string_view kNotOffered = "Not on offer any more. Do not call it.";

// The name in {"type":"function","function":{"name":…}}, or in {…,"name":…}; empty if it has none.
std::string NameInReference(std::string_view json) {
  const std::string_view function = JsonMember(json, "function");
  return JsonText(JsonMember(function.empty() ? json : function, "name"));
}

bool HoldsToolBlocks(const wire::ConverseRequest& request) {
  for (const wire::Message& message : request.messages()) {
    for (const wire::ContentBlock& block : message.content()) {
      if (block.has_tool_use() || block.has_tool_result()) return true;
    }
  }
  return false;
}

}  // namespace

bool RequestEncoder::EncodeTools() {
  for (int i = 0; i < hub_.tools_size(); ++i) {
    if (!EncodeTool(hub_.tools(i), MemberPath{nullptr, "tools", i})) return false;
  }
  for (int i = 0; i < hub_.functions_size(); ++i) {
    if (!EncodeFunction(hub_.functions(i), MemberPath{nullptr, "functions", i})) return false;
  }
  return !hub_.has_web_search_options() || EncodeWebSearch();
}

bool RequestEncoder::EncodeTool(const api::Tool& tool, const MemberPath& path) {
  if (tool.has_custom()) {
    return Fail("unsupported_value", "bedrock has no tools with free text as input",
                MemberPath{&path, "custom"});
  }
  if (tool.has_function()) {
    if (!EncodeFunction(tool.function(), MemberPath{&path, "function"})) return false;
    DropExtras(tool.extra(), &path);
  } else {
    const auto native = std::find_if(tool.extra().begin(), tool.extra().end(), [](const api::Extra& extra) {
      return std::find(kNativeTools.begin(), kNativeTools.end(), extra.name()) != kNativeTools.end();
    });
    if (native == tool.extra().end()) {
      return Fail("unsupported_value", "bedrock has no tools of type \"" + tool.type() + "\"",
                  MemberPath{&path, "type"});
    }
    *wire_->mutable_tool_config()->add_tools()->add_extra() = *native;
    for (const api::Extra& extra : tool.extra()) {
      if (&extra != &*native && !IsEmptyJson(extra.json())) Drop(MemberPath{&path, extra.name()});
    }
  }
  if (!tool.has_cache_control()) return true;
  if (!model_.has_cache_points()) {
    Drop(MemberPath{&path, "cache_control"});
    return true;
  }
  wire::CachePoint* point = wire_->mutable_tool_config()->add_tools()->mutable_cache_point();
  point->set_type("default");
  if (tool.cache_control().has_ttl()) point->set_ttl(tool.cache_control().ttl());
  return true;
}

bool RequestEncoder::EncodeFunction(const api::FunctionDefinition& function, const MemberPath& path) {
  const std::string& parameters = function.parameters();
  const bool none = parameters.empty() || IsEmptyJson(parameters);
  std::string mended;
  const SchemaFit fit = none ? SchemaFit::kGood : FitInputSchema(parameters, &mended);
  if (fit == SchemaFit::kNoSchema) {
    return Fail("invalid_value", "expected a JSON Schema", MemberPath{&path, "parameters"});
  }
  wire::ToolSpec* spec = wire_->mutable_tool_config()->add_tools()->mutable_tool_spec();
  spec->set_name(function.name());
  if (!IsBlank(function.description())) spec->set_description(function.description());
  std::string* schema = spec->mutable_input_schema()->mutable_json();
  if (fit == SchemaFit::kMended) {
    *schema = std::move(mended);
  } else {
    *schema = none ? kNoParameters : std::string_view(parameters);
  }
  if (function.strict()) spec->set_strict(true);
  DropExtras(function.extra(), &path);
  return true;
}

// OpenAI searches the web for models that are made for it; for Nova it is a tool of Bedrock's own.
bool RequestEncoder::EncodeWebSearch() {
  const MemberPath path{nullptr, "web_search_options"};
  if (!model_.is_nova) return Fail("unsupported_parameter", "only Nova searches the web on bedrock", path);
  AddExtra("systemTool", R"({"name":"nova_grounding"})",
           wire_->mutable_tool_config()->add_tools()->mutable_extra());
  const api::WebSearchOptions& options = hub_.web_search_options();
  const std::string& size = options.search_context_size();
  if (!size.empty() && size != "medium") Drop(MemberPath{&path, "search_context_size"});
  if (options.has_user_location()) Drop(MemberPath{&path, "user_location"});
  DropExtras(options.extra(), &path);
  return true;
}

bool RequestEncoder::EncodeToolChoice() {
  const bool deprecated = hub_.has_function_call() && !hub_.has_tool_choice();
  const MemberPath path{nullptr, deprecated ? "function_call" : "tool_choice"};
  std::string type;
  std::string name;
  if (deprecated && hub_.function_call().has_function()) {
    type = "tool";
    name = hub_.function_call().function().name();
  } else if (!deprecated && hub_.tool_choice().has_named()) {
    if (!EncodeNamedChoice(hub_.tool_choice().named(), path, &type, &name)) return false;
  } else if (deprecated || hub_.has_tool_choice()) {
    type = deprecated ? hub_.function_call().mode() : hub_.tool_choice().mode();
    if (type != "auto" && type != "none" && type != "required") {
      return Fail("invalid_value", "expected auto, none, required or an object; got \"" + type + "\"", path);
    }
    if (type == "required") type = "any";
  }
  forced_call_ = type == "any" || type == "tool";
  if (wire_->tool_config().tools().empty()) {
    if (forced_call_) return Fail("missing_value", "there are no tools to choose from", path);
    wire_->clear_tool_config();
    OfferToolsOfHistory();
    return true;
  }
  if (type == "none") return EncodeNoChoice(path);
  const bool one_at_a_time = hub_.has_parallel_tool_calls() && !hub_.parallel_tool_calls();
  if (one_at_a_time && model_.has_native_tool_choice()) {
    EncodeNativeChoice(type.empty() ? "auto" : type, name);
    return true;
  }
  if (one_at_a_time) Drop("parallel_tool_calls");
  if (type.empty()) return true;
  wire::ToolChoice* choice = wire_->mutable_tool_config()->mutable_tool_choice();
  if (type == "auto") choice->set_auto_("{}");
  if (type == "any") choice->set_any("{}");
  if (type == "tool") choice->mutable_tool()->set_name(name);
  return true;
}

// Converse has no word for it. Where no call has been made yet, tools that are not offered are not called.
bool RequestEncoder::EncodeNoChoice(const MemberPath& path) {
  if (!HoldsToolBlocks(*wire_)) {
    wire_->clear_tool_config();
    return true;
  }
  if (!model_.has_native_tool_choice()) {
    return Fail("unsupported_value",
                "this model cannot be kept from calling the tools that it has called before", path);
  }
  AddField("tool_choice", R"({"type":"none"})");
  return true;
}

// One call at a time is what Claude's own choice can say, which excludes that of Converse.
void RequestEncoder::EncodeNativeChoice(std::string_view type, std::string_view name) {
  std::string json = R"({"type":)" + JsonString(type);
  if (!name.empty()) json += R"(,"name":)" + JsonString(name);
  AddField("tool_choice", json + R"(,"disable_parallel_tool_use":true})");
}

bool RequestEncoder::EncodeNamedChoice(const api::NamedToolChoice& choice, const MemberPath& path,
                                       std::string* type, std::string* name) {
  if (choice.has_function()) {
    *type = "tool";
    *name = choice.function().name();
    return true;
  }
  if (choice.has_allowed_tools()) {
    *type = choice.allowed_tools().mode() == "required" ? "any" : "auto";
    return KeepAllowedTools(choice.allowed_tools(), MemberPath{&path, "allowed_tools"});
  }
  // In the form that Anthropic's callers use.
  const std::string& given = choice.type();
  if (given == "auto" || given == "any" || given == "tool" || given == "none") {
    *type = given;
    *name = JsonText(FindExtra(choice.extra(), "name"));
    return true;
  }
  return Fail("unsupported_value", "bedrock has no tool choice of type \"" + given + "\"",
              MemberPath{&path, "type"});
}

// The API knows no subsets: the model is offered the allowed tools only.
bool RequestEncoder::KeepAllowedTools(const api::AllowedTools& allowed, const MemberPath& path) {
  absl::flat_hash_set<std::string> offered;
  for (const wire::Tool& tool : wire_->tool_config().tools()) offered.insert(tool.tool_spec().name());
  absl::flat_hash_set<std::string> names;
  for (int i = 0; i < allowed.tools_size(); ++i) {
    std::string name = NameInReference(allowed.tools(i));
    if (name.empty() || !offered.contains(name)) {
      return Fail("invalid_value", "expected a reference to one of the tools", MemberPath{&path, "tools", i});
    }
    names.insert(std::move(name));
  }
  auto* tools = wire_->mutable_tool_config()->mutable_tools();
  tools->erase(
      std::remove_if(tools->begin(), tools->end(),
                     [&](const wire::Tool& tool) { return !names.contains(tool.tool_spec().name()); }),
      tools->end());
  return true;
}

// Converse wants to know the tools of calls in the history, also where the caller offers none any more.
void RequestEncoder::OfferToolsOfHistory() {
  absl::flat_hash_set<std::string> offered;
  for (const wire::Message& message : wire_->messages()) {
    for (const wire::ContentBlock& block : message.content()) {
      const bool call = block.has_tool_use() && !block.tool_use().has_type();
      if (!call || !offered.insert(block.tool_use().name()).second) continue;
      wire::ToolSpec* spec = wire_->mutable_tool_config()->add_tools()->mutable_tool_spec();
      spec->set_name(block.tool_use().name());
      spec->set_description(std::string(kNotOffered));
      spec->mutable_input_schema()->set_json(std::string(kNoParameters));
    }
  }
  const bool some = !wire_->tool_config().tools().empty();
  if (some && model_.has_native_tool_choice()) AddField("tool_choice", R"({"type":"none"})");
}

}  // namespace portolan::providers::bedrock
