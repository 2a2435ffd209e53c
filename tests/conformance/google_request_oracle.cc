#include <algorithm>
#include <cctype>

#include "tests/conformance/google_oracle.h"

namespace portolan::conformance {
namespace {

using nlohmann::json;

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}
std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

// `parameters_json_schema` as `parametersJsonSchema`; values that are the caller's own stay.
json CamelKeys(const json& value) {
  if (value.is_array()) {
    json out = json::array();
    for (const json& one : value) out.push_back(CamelKeys(one));
    return out;
  }
  if (!value.is_object()) return value;
  json out = json::object();
  for (const auto& [name, member] : value.items()) {
    std::string camel;
    for (size_t i = 0; i < name.size(); ++i) {
      if (name[i] == '_' && i + 1 < name.size()) {
        camel += static_cast<char>(std::toupper(static_cast<unsigned char>(name[++i])));
      } else {
        camel += name[i];
      }
    }
    const bool own = camel == "args" || camel == "response" || camel.ends_with("Schema") ||
                     camel == "parameters" || camel == "fileSearch" || camel == "toolCall" ||
                     camel == "toolResponse";
    if (!member.is_null()) out[camel] = own ? member : CamelKeys(member);
  }
  return out;
}

// The OpenAPI form of a schema as JSON Schema: types in lower case.
json AsJsonSchema(json schema) {
  if (schema.is_array()) {
    for (json& one : schema) one = AsJsonSchema(one);
  } else if (schema.is_object()) {
    for (auto& [name, member] : schema.items()) {
      member = name == "type" && member.is_string() ? json(Lower(member.get<std::string>()))
                                                    : AsJsonSchema(member);
    }
  }
  return schema;
}

json BlockOf(const json& part) {
  json block;
  if (part.contains("text") && !part.value("thought", false) && part["text"] != "") {
    block = {{"type", "text"}, {"text", part["text"]}};
  } else if (part.contains("functionCall")) {
    const json& call = part["functionCall"];
    block = {{"type", "tool_use"}, {"name", call["name"]}, {"input", call.value("args", json::object())}};
    if (call.contains("id")) block["id"] = call["id"];
  } else {
    return {{"type", "google_part"}, {"part", part}};
  }
  if (part.contains("thoughtSignature")) {
    block["extra_content"] = {{"google", {{"thought_signature", part["thoughtSignature"]}}}};
  }
  return block;
}

json HubPartOf(const json& part) {
  if (part.contains("text")) return {{"type", "text"}, {"text", part["text"]}};
  if (part.contains("inlineData")) {
    const json& blob = part["inlineData"];
    const std::string url =
        "data:" + blob["mimeType"].get<std::string>() + ";base64," + blob["data"].get<std::string>();
    if (blob["mimeType"] == "application/pdf") return {{"type", "file"}, {"file", {{"file_data", url}}}};
    return {{"type", "image_url"}, {"image_url", {{"url", url}}}};
  }
  if (part.contains("fileData") && !part.contains("videoMetadata")) {
    return {{"type", "image_url"}, {"image_url", {{"url", part["fileData"]["fileUri"]}}}};
  }
  return {{"type", "google_part"}, {"part", part}};
}

void AddContent(const json& content, json* messages) {
  if (content["role"] == "model") {
    json blocks = json::array();
    for (const json& part : content["parts"]) blocks.push_back(BlockOf(part));
    messages->push_back({{"role", "assistant"}, {"content", nullptr}, {"content_blocks", blocks}});
    return;
  }
  json parts = json::array();
  for (const json& part : content["parts"]) {
    if (!part.contains("functionResponse")) {
      parts.push_back(HubPartOf(part));
      continue;
    }
    const json& result = part["functionResponse"];
    json message = {{"role", "tool"}, {"content", result["response"].dump()}};
    if (result.contains("id")) message["tool_call_id"] = result["id"];
    messages->push_back(message);
  }
  if (!parts.empty()) messages->push_back({{"role", "user"}, {"content", parts}});
}

void AddConfig(const json& config, json* hub) {
  const std::pair<const char*, const char*> kSame[] = {{"temperature", "temperature"},
                                                       {"topP", "top_p"},
                                                       {"topK", "top_k"},
                                                       {"seed", "seed"},
                                                       {"maxOutputTokens", "max_completion_tokens"},
                                                       {"stopSequences", "stop"},
                                                       {"candidateCount", "n"},
                                                       {"responseLogprobs", "logprobs"},
                                                       {"logprobs", "top_logprobs"}};
  for (const auto& [own, name] : kSame) {
    if (config.contains(own)) (*hub)[name] = config[own];
  }
  if (config.contains("responseJsonSchema")) {
    (*hub)["response_format"] = {{"type", "json_schema"},
                                 {"json_schema", {{"name", "n"}, {"schema", config["responseJsonSchema"]}}}};
  } else if (config.contains("responseMimeType")) {
    (*hub)["response_format"] = {{"type", "json_object"}};
  }
  const json thinking = config.value("thinkingConfig", json::object());
  if (thinking.contains("thinkingBudget")) {
    (*hub)["thinking"] = {{"type", "enabled"}, {"budget_tokens", thinking["thinkingBudget"]}};
  } else if (thinking.contains("thinkingLevel")) {
    (*hub)["reasoning_effort"] = Lower(thinking["thinkingLevel"].get<std::string>());
  } else if (thinking.contains("includeThoughts")) {
    (*hub)["thinking"] = {{"type", "adaptive"}};
  }
}

}  // namespace

json NormalisedGoogle(json request) {
  request = CamelKeys(request);
  request.erase("model");
  json& config = request.emplace("generationConfig", json::object()).first.value();
  if (config.value("responseModalities", json()) == json::array({"TEXT"})) config.erase("responseModalities");
  if (config.contains("responseSchema")) {
    config["responseJsonSchema"] = config["responseSchema"];
    config.erase("responseSchema");
  }
  if (config.value("candidateCount", 0) == 1) config.erase("candidateCount");
  if (config.contains("thinkingConfig") && config["thinkingConfig"].contains("thinkingLevel")) {
    config["thinkingConfig"]["thinkingLevel"] =
        Upper(config["thinkingConfig"]["thinkingLevel"].get<std::string>());
  }
  if (config.empty()) request.erase("generationConfig");
  if (request.contains("systemInstruction")) {
    json& system = request["systemInstruction"];
    system.erase("role");
    if (system["parts"].is_object()) system["parts"] = json::array({system["parts"]});
  }
  for (json& content : request["contents"]) {
    content.emplace("role", "user");
    for (json& part : content["parts"]) {
      if (!part.value("thought", false)) part.erase("thought");
      // Models before Gemini 3 know no ids.
      for (const char* kind : {"functionCall", "functionResponse"}) {
        if (part.contains(kind)) part[kind].erase("id");
      }
    }
  }
  json functions = json::array();
  json own = json::array();
  for (const json& tool : request.value("tools", json::array())) {
    if (!tool.contains("functionDeclarations")) own.push_back(tool);
    for (json function : tool.value("functionDeclarations", json::array())) {
      if (function.contains("parameters"))
        function["parametersJsonSchema"] = AsJsonSchema(function["parameters"]);
      function.erase("parameters");
      function.erase("response");  // OpenAI has no word for what a function returns
      functions.push_back(function);
    }
  }
  if (request.contains("tools")) request["tools"] = json::array();
  if (!functions.empty()) request["tools"].push_back({{"functionDeclarations", functions}});
  for (const json& tool : own) request["tools"].push_back(tool);
  return request;
}

json HubRequestForGoogle(const std::string& model, const json& recorded) {
  const json request = NormalisedGoogle(recorded);
  json hub = {{"model", model}, {"messages", json::array()}};
  if (request.contains("systemInstruction")) {
    hub["messages"].push_back({{"role", "system"}, {"content", json::array()}});
    for (const json& part : request["systemInstruction"]["parts"]) {
      hub["messages"][0]["content"].push_back(HubPartOf(part));
    }
  }
  // With their ids, which the normal form lacks.
  const json whole = CamelKeys(recorded);
  for (json content : whole.at("contents")) {
    content.emplace("role", "user");
    AddContent(content, &hub["messages"]);
  }
  for (const json& tool : request.value("tools", json::array())) {
    for (const json& function : tool.value("functionDeclarations", json::array())) {
      json out = {{"name", function["name"]}};
      if (function.contains("description")) out["description"] = function["description"];
      if (function.contains("parametersJsonSchema")) out["parameters"] = function["parametersJsonSchema"];
      hub["tools"].push_back({{"type", "function"}, {"function", out}});
    }
    if (!tool.contains("functionDeclarations")) hub["tools"].push_back(tool);
  }
  AddConfig(request.value("generationConfig", json::object()), &hub);
  for (const char* name : {"safetySettings", "cachedContent"}) {
    if (request.contains(name)) hub[name] = request[name];
  }
  const json choice =
      request.value("toolConfig", json::object()).value("functionCallingConfig", json::object());
  if (choice.contains("mode")) hub["tool_choice"] = choice["mode"] == "ANY" ? "required" : "auto";
  const bool shows = request.value(json::json_pointer("/toolConfig/includeServerSideToolInvocations"), false);
  if (shows && request["tools"].size() == 1) hub["include_server_side_tool_invocations"] = true;
  return hub;
}

}  // namespace portolan::conformance
