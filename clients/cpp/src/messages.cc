#include "portolan/messages.h"

#include <utility>

namespace portolan {
namespace {

v1::Message Said(const char* role, std::string text) {
  v1::Message message;
  message.set_role(role);
  message.mutable_content()->set_text(std::move(text));
  return message;
}

}  // namespace

v1::Message User(std::string text) { return Said("user", std::move(text)); }
v1::Message System(std::string text) { return Said("system", std::move(text)); }
v1::Message Developer(std::string text) { return Said("developer", std::move(text)); }
v1::Message Assistant(std::string text) { return Said("assistant", std::move(text)); }

v1::Message ToolResult(std::string call_id, std::string result) {
  v1::Message message = Said("tool", std::move(result));
  message.set_tool_call_id(std::move(call_id));
  return message;
}

v1::Tool FunctionTool(std::string name, std::string description, std::string parameters) {
  v1::Tool tool;
  tool.set_type("function");
  v1::FunctionDefinition& function = *tool.mutable_function();
  function.set_name(std::move(name));
  function.set_description(std::move(description));
  function.set_parameters(std::move(parameters));
  return tool;
}

std::string TextOf(const v1::Message& message) {
  if (!message.content().has_parts()) return message.content().text();
  std::string all;
  for (const auto& part : message.content().parts().items()) all += part.text();
  return all;
}

}  // namespace portolan
