// Tools, and the choice among them.

#include "providers/dialects/anthropic/caller_request.h"
#include "providers/dialects/anthropic/tool_names.h"
#include "server/codec/json_string.h"

namespace portolan::providers::anthropic {
namespace {

void AddExtra(std::string_view name, std::string json, api::Tool* tool) {
  api::Extra* extra = tool->add_extra();
  extra->set_name(std::string(name));
  extra->set_json(std::move(json));
}

std::string Quoted(std::string_view text) {
  std::string out;
  codec::AppendQuoted(text, &out);
  return out;
}

// {"type":"approximate","city":"Lisbon"}
std::string ToJson(const wire::UserLocation& place) {
  std::string out = "{";
  const auto append = [&](std::string_view name, const std::string& json) {
    if (out.size() > 1) out += ',';
    out += Quoted(name) + ':' + json;
  };
  if (place.has_type()) append("type", Quoted(place.type()));
  if (place.has_city()) append("city", Quoted(place.city()));
  if (place.has_country()) append("country", Quoted(place.country()));
  if (place.has_region()) append("region", Quoted(place.region()));
  if (place.has_timezone()) append("timezone", Quoted(place.timezone()));
  for (const api::Extra& extra : place.extra()) append(extra.name(), extra.json());
  return out += '}';
}

// One of Anthropic's own tools: all that it is made of, under the names that it has there.
void KeepAsItIs(const wire::Tool& from, api::Tool* to) {
  if (from.has_name()) AddExtra("name", Quoted(from.name()), to);
  if (from.has_description()) AddExtra("description", Quoted(from.description()), to);
  if (from.has_input_schema()) AddExtra("input_schema", from.input_schema(), to);
  if (from.has_strict()) AddExtra("strict", from.strict() ? "true" : "false", to);
  if (from.has_user_location()) AddExtra("user_location", ToJson(from.user_location()), to);
  for (const api::Extra& extra : from.extra()) *to->add_extra() = extra;
}

}  // namespace

bool RequestDecoder::DecodeTools() {
  for (int i = 0; i < wire_.tools_size(); ++i) {
    if (!DecodeTool(wire_.tools(i), MemberPath{nullptr, "tools", i})) return false;
  }
  return true;
}

bool RequestDecoder::DecodeTool(const wire::Tool& from, const MemberPath& path) {
  api::Tool* to = hub_->add_tools();
  if (from.has_cache_control()) *to->mutable_cache_control() = from.cache_control();
  const bool callers_own = !from.has_type() || from.type() == "custom";
  if (!callers_own) {
    to->set_type(from.type());
    KeepAsItIs(from, to);
    return true;
  }
  if (from.name().empty()) return Fail("missing_value", "a tool must have a name", MemberPath{&path, "name"});
  to->set_type("function");
  api::FunctionDefinition* function = to->mutable_function();
  function->set_name(ShortToolName(from.name()));
  if (from.has_description()) function->set_description(from.description());
  if (from.has_input_schema()) function->set_parameters(from.input_schema());
  if (from.has_strict()) function->set_strict(from.strict());
  for (const api::Extra& extra : from.extra()) {
    if (extra.json() == "null") continue;
    // A name that means something else in the hub is not taken over.
    if (api::Tool::descriptor()->FindFieldByName(extra.name()) == nullptr) {
      *to->add_extra() = extra;
    } else {
      Drop(MemberPath{&path, extra.name()});
    }
  }
  return true;
}

bool RequestDecoder::DecodeToolChoice() {
  if (!wire_.has_tool_choice()) return true;
  const MemberPath path{nullptr, "tool_choice"};
  const wire::ToolChoice& choice = wire_.tool_choice();
  const std::string& type = choice.type();
  DropAll(choice.extra(), &path);
  const bool forced = type == "any" || type == "tool";
  if (!forced && type != "auto" && type != "none") {
    return Fail("invalid_value", "expected one of auto, any, tool, none; got \"" + type + "\"",
                MemberPath{&path, "type"});
  }
  if (wire_.tools().empty()) {
    // OpenAI refuses a choice among nothing.
    return !forced || Fail("missing_value", "there are no tools to choose from", path);
  }
  if (type == "tool") {
    api::NamedToolChoice* named = hub_->mutable_tool_choice()->mutable_named();
    named->set_type("function");
    named->mutable_function()->set_name(ShortToolName(choice.name()));
  } else {
    hub_->mutable_tool_choice()->set_mode(type == "any" ? "required" : type);
  }
  if (choice.disable_parallel_tool_use() && type != "none") hub_->set_parallel_tool_calls(false);
  return true;
}

}  // namespace portolan::providers::anthropic
