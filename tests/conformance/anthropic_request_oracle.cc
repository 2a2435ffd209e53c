#include <cstdint>
#include <string>

#include "tests/conformance/anthropic_oracle.h"

namespace portolan::conformance {
namespace {

using nlohmann::json;

std::string Base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) out += kAlphabet[(bits >> (count - 6)) & 63];
  }
  if (count > 0) out += kAlphabet[(bits << (6 - count)) & 63];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

void Move(json* from, const char* member, json* to, const char* as = nullptr) {
  if (!from->contains(member)) return;
  (*to)[as == nullptr ? member : as] = (*from)[member];
  from->erase(member);
}

json PartFor(json block) {
  const std::string type = block.at("type");
  if (type == "image" && block["source"]["type"] == "url") {
    json part = {{"type", "image_url"}, {"image_url", {{"url", block["source"]["url"]}}}};
    Move(&block, "cache_control", &part);
    return part;
  }
  if (type == "image" && block["source"]["type"] == "base64") {
    const std::string url = "data:" + block["source"]["media_type"].get<std::string>() + ";base64," +
                            block["source"]["data"].get<std::string>();
    json part = {{"type", "image_url"}, {"image_url", {{"url", url}}}};
    Move(&block, "cache_control", &part);
    return part;
  }
  if (type == "document" && block["source"]["type"] == "text") {
    const std::string url = "data:text/plain;base64," + Base64(block["source"]["data"].get<std::string>());
    json part = {{"type", "file"}, {"file", {{"file_data", url}}}};
    Move(&block, "title", &part["file"], "filename");
    Move(&block, "citations", &part);
    Move(&block, "cache_control", &part);
    return part;
  }
  return block;  // text is the same; what OpenAI has no form for stays in Anthropic's
}

json Parts(const json& content) {
  if (content.is_string()) return content;
  json parts = json::array();
  for (const json& block : content) parts.push_back(PartFor(block));
  return parts;
}

void AddUser(const json& content, json* messages) {
  json rest = json::array();
  if (content.is_string()) {
    messages->push_back({{"role", "user"}, {"content", content}});
    return;
  }
  for (const json& block : content) {
    if (block.at("type") != "tool_result") {
      rest.push_back(PartFor(block));
      continue;
    }
    json message = {{"role", "tool"}, {"tool_call_id", block.at("tool_use_id")}};
    if (block.contains("content")) message["content"] = Parts(block["content"]);
    if (block.contains("is_error")) message["is_error"] = block["is_error"];
    if (block.contains("cache_control")) message["cache_control"] = block["cache_control"];
    messages->push_back(message);
  }
  if (!rest.empty()) messages->push_back({{"role", "user"}, {"content", rest}});
}

void AddAssistant(const json& content, json* messages) {
  json message = {{"role", "assistant"}};
  bool plain = content.is_array();
  for (const json& block : content)
    plain = plain && (block.at("type") == "text" || block.at("type") == "tool_use");
  if (!plain) {
    message[content.is_array() ? "content_blocks" : "content"] = content;
    messages->push_back(message);
    return;
  }
  for (const json& block : content) {
    if (block.at("type") == "text") {
      message["content"].push_back(block);
    } else {
      message["tool_calls"].push_back(
          {{"id", block.at("id")},
           {"type", "function"},
           {"function", {{"name", block.at("name")}, {"arguments", block.at("input").dump()}}}});
    }
  }
  messages->push_back(message);
}

json ToolFor(json tool) {
  if (!tool.contains("input_schema")) return tool;
  json out = {{"type", "function"}};
  Move(&tool, "name", &out["function"]);
  Move(&tool, "description", &out["function"]);
  Move(&tool, "strict", &out["function"]);
  Move(&tool, "input_schema", &out["function"], "parameters");
  out.update(tool);
  return out;
}

json ChoiceFor(const json& choice) {
  if (choice.size() == 1) return choice["type"] == "any" ? json("required") : choice["type"];
  if (choice["type"] == "tool" && choice.size() == 2)
    return {{"type", "function"}, {"function", {{"name", choice["name"]}}}};
  return choice;
}

json AsBlocks(const json& content) {
  return content.is_string() ? json::array({{{"type", "text"}, {"text", content}}}) : content;
}

}  // namespace

json HubRequestFor(const json& request) {
  json from = request;
  json messages = json::array();
  if (from.contains("system")) {
    for (const json& block : AsBlocks(from["system"]))
      messages.push_back({{"role", "system"}, {"content", {block}}});
    from.erase("system");
  }
  for (const json& message : from.at("messages")) {
    const json& content = message.at("content");
    if (message.at("role") == "user") AddUser(content, &messages);
    if (message.at("role") == "assistant") AddAssistant(content, &messages);
    if (message.at("role") == "system") messages.push_back({{"role", "system"}, {"content_blocks", content}});
  }
  from.erase("messages");
  json hub = {{"messages", messages}};
  for (const json& tool : from.value("tools", json::array())) hub["tools"].push_back(ToolFor(tool));
  from.erase("tools");
  if (from.contains("tool_choice")) hub["tool_choice"] = ChoiceFor(from["tool_choice"]);
  from.erase("tool_choice");
  Move(&from, "max_tokens", &hub, "max_completion_tokens");
  Move(&from, "stop_sequences", &hub, "stop");
  if (from.contains("output_config") && from["output_config"].contains("format")) {
    const json& schema = from["output_config"]["format"]["schema"];
    hub["response_format"] = {{"type", "json_schema"}, {"json_schema", {{"name", "n"}, {"schema", schema}}}};
    from.erase("output_config");
  }
  hub.update(from);  // what has the same name on both sides
  return hub;
}

json Normalised(json request) {
  if (request.contains("system")) request["system"] = AsBlocks(request["system"]);
  json messages = json::array();
  for (const json& message : request.at("messages")) {
    json blocks = AsBlocks(message.at("content"));
    for (json& block : blocks) {
      if (block.contains("content") && block["type"] == "tool_result")
        block["content"] = AsBlocks(block["content"]);
    }
    if (!messages.empty() && messages.back()["role"] == message.at("role")) {
      for (const json& block : blocks) messages.back()["content"].push_back(block);
    } else {
      messages.push_back({{"role", message.at("role")}, {"content", blocks}});
    }
  }
  request["messages"] = messages;
  if (request.value("stream", true) == false) request.erase("stream");
  if (request.contains("tools") && request["tools"].empty()) request.erase("tools");
  return request;
}

}  // namespace portolan::conformance
