#include "tests/conformance/bedrock_oracle.h"

namespace portolan::conformance::bedrock {
namespace {

using nlohmann::json;

// A block of Converse in the hub's ordered form.
json BlockFor(const json& block) {
  if (block.contains("text")) return {{"type", "text"}, {"text", block["text"]}};
  if (block.contains("toolUse")) {
    const json& call = block["toolUse"];
    return {
        {"type", "tool_use"}, {"id", call["toolUseId"]}, {"name", call["name"]}, {"input", call["input"]}};
  }
  if (block.contains("document")) {
    const json& document = block["document"];
    return {
        {"type", "document"},
        {"title", document["name"]},
        {"citations", document["citations"]},
        {"source", {{"type", "text"}, {"media_type", "text/plain"}, {"data", document["source"]["text"]}}}};
  }
  return nullptr;
}

// Of a user: a part in OpenAI's form.
json PartFor(const json& block) {
  if (block.contains("text")) return {{"type", "text"}, {"text", block["text"]}};
  if (block.contains("image")) {
    const json& image = block["image"];
    const std::string url = "data:image/" + image["format"].get<std::string>() + ";base64," +
                            image["source"]["bytes"].get<std::string>();
    return {{"type", "image_url"}, {"image_url", {{"url", url}}}};
  }
  if (block.contains("video")) {
    return {{"type", "video_url"}, {"video_url", {{"url", block["video"]["source"]["s3Location"]["uri"]}}}};
  }
  return nullptr;
}

void AddUser(const json& content, json* messages) {
  bool documents = false;
  for (const json& block : content) documents |= block.contains("document");
  json said = json::array();
  for (const json& block : content) {
    if (block.contains("toolResult")) {
      const json& result = block["toolResult"];
      messages->push_back({{"role", "tool"},
                           {"tool_call_id", result["toolUseId"]},
                           {"content", result.at("content").at(0).at("text")}});
    } else {
      said.push_back(documents ? BlockFor(block) : PartFor(block));
    }
  }
  if (said.empty()) return;
  messages->push_back({{"role", "user"}, {documents ? "content_blocks" : "content", said}});
}

void AddAssistant(const json& content, json* messages) {
  json blocks = json::array();
  for (const json& block : content) blocks.push_back(BlockFor(block));
  messages->push_back({{"role", "assistant"}, {"content_blocks", blocks}});
}

void AddSystem(const json& system, json* messages) {
  json parts = json::array();
  for (const json& block : system) {
    if (block.contains("cachePoint")) {
      parts.back()["cache_control"] = {{"type", "ephemeral"}};
    } else {
      parts.push_back(PartFor(block));
    }
  }
  if (!parts.empty()) messages->push_back({{"role", "system"}, {"content", parts}});
}

void AddTools(const json& config, json* hub) {
  for (const json& tool : config.at("tools")) {
    if (!tool.contains("toolSpec")) {
      (*hub)["tools"].push_back(tool);
      continue;
    }
    const json& spec = tool["toolSpec"];
    json function = {{"name", spec["name"]}, {"parameters", spec["inputSchema"]["json"]}};
    if (spec.contains("description")) function["description"] = spec["description"];
    (*hub)["tools"].push_back({{"type", "function"}, {"function", function}});
  }
  if (!config.contains("toolChoice")) return;
  (*hub)["tool_choice"] = config["toolChoice"].contains("any") ? "required" : "auto";
}

}  // namespace

json HubRequestFor(const json& request, std::string_view model) {
  json hub = {{"model", model}, {"messages", json::array()}};
  AddSystem(request.value("system", json::array()), &hub["messages"]);
  for (const json& message : request.at("messages")) {
    if (message.at("role") == "user") AddUser(message.at("content"), &hub["messages"]);
    if (message.at("role") == "assistant") AddAssistant(message.at("content"), &hub["messages"]);
  }
  const json limits = request.value("inferenceConfig", json::object());
  if (limits.contains("maxTokens")) hub["max_tokens"] = limits["maxTokens"];
  if (limits.contains("temperature")) hub["temperature"] = limits["temperature"];
  if (limits.contains("topP")) hub["top_p"] = limits["topP"];
  if (limits.contains("stopSequences")) hub["stop"] = limits["stopSequences"];
  if (request.contains("toolConfig")) AddTools(request["toolConfig"], &hub);
  if (request.contains("guardrailConfig")) hub["guardrailConfig"] = request["guardrailConfig"];
  if (request.contains("outputConfig")) {
    const json& format = request["outputConfig"]["textFormat"]["structure"]["jsonSchema"];
    json given = {{"name", format["name"]}, {"schema", json::parse(format["schema"].get<std::string>())}};
    if (format.contains("description")) given["description"] = format["description"];
    hub["response_format"] = {{"type", "json_schema"}, {"json_schema", given}};
  }
  return hub;
}

json Normalised(json request) {
  json messages = json::array();
  for (json& message : request["messages"]) {
    for (json& block : message["content"]) {
      if (block.contains("toolResult") && block["toolResult"].value("status", "") == "success") {
        block["toolResult"].erase("status");
      }
    }
    if (!messages.empty() && messages.back()["role"] == message["role"]) {
      for (json& block : message["content"]) messages.back()["content"].push_back(block);
    } else {
      messages.push_back(message);
    }
  }
  request["messages"] = messages;
  if (request.contains("inferenceConfig") &&
      request["inferenceConfig"].value("stopSequences", json({1})).empty()) {
    request["inferenceConfig"].erase("stopSequences");
  }
  for (const char* member : {"inferenceConfig", "system"}) {
    if (request.contains(member) && request[member].empty()) request.erase(member);
  }
  if (request.contains("outputConfig")) {  // the schema is a text
    json& schema = request["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"];
    schema = json::parse(schema.get<std::string>());
  }
  return request;
}

}  // namespace portolan::conformance::bedrock
