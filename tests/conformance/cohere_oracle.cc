#include "tests/conformance/cohere_oracle.h"

#include <algorithm>
#include <set>

namespace portolan::conformance::cohere {
namespace {

using nlohmann::json;

json At(const json& from, std::string_view pointer) {
  const json::json_pointer path{std::string(pointer)};
  return from.contains(path) ? from.at(path) : json();
}

json UsageOf(const json& usage) {
  return {{"prompt_tokens", At(usage, "/prompt_tokens")},
          {"completion_tokens", At(usage, "/completion_tokens")},
          {"total_tokens", At(usage, "/total_tokens")},
          {"cached_tokens", At(usage, "/prompt_tokens_details/cached_tokens")},
          {"reasoning_tokens", At(usage, "/completion_tokens_details/reasoning_tokens")},
          {"billed", At(usage, "/billed_units")}};
}

json OrNull(const std::string& text) { return text.empty() ? json() : json(text); }

}  // namespace

std::vector<json> EventsOf(std::string_view bytes) {
  std::vector<json> events;
  constexpr std::string_view kData = "data: ";
  while (!bytes.empty()) {
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    bytes.remove_prefix(std::min(bytes.size(), line.size() + 1));
    if (!line.starts_with(kData) || line.ends_with("[DONE]")) continue;
    events.push_back(json::parse(line.substr(kData.size())));
  }
  return events;
}

json AssembleEvents(const std::vector<json>& events) {
  json answer = {{"message", {{"content", json::array()}}}};
  json& message = answer["message"];
  for (const json& event : events) {
    const std::string type = event.at("type");
    const json piece = At(event, "/delta/message");
    if (type == "message-start") answer["id"] = event.at("id");
    if (type == "content-start") message["content"].push_back(piece.at("content"));
    if (type == "content-delta") {
      json& part = message["content"].at(event.at("index").get<size_t>());
      for (const auto& [name, text] : piece.at("content").items()) {
        part[name] = part.value(name, "") + text.get<std::string>();
      }
    }
    if (type == "tool-plan-delta") {
      message["tool_plan"] = message.value("tool_plan", "") + piece.at("tool_plan").get<std::string>();
    }
    if (type == "tool-call-start") message["tool_calls"].push_back(piece.at("tool_calls"));
    if (type == "tool-call-delta") {
      json& arguments = message["tool_calls"].at(event.at("index").get<size_t>())["function"]["arguments"];
      arguments = arguments.get<std::string>() +
                  piece.at("tool_calls").at("function").at("arguments").get<std::string>();
    }
    if (type == "citation-start") message["citations"].push_back(piece.at("citations"));
    if (type == "message-end") answer.update(event.at("delta"));
  }
  return answer;
}

json ExpectedOf(const json& answer) {
  std::string content;
  std::string reasoning = answer.at("message").value("tool_plan", "");
  for (const json& part : answer.at("message").value("content", json::array())) {
    if (part.at("type") == "text") content += part.at("text").get<std::string>();
    if (part.at("type") == "thinking") reasoning += part.at("thinking").get<std::string>();
  }
  json calls = json::array();
  for (const json& call : answer.at("message").value("tool_calls", json::array())) {
    calls.push_back({{"id", call.at("id")},
                     {"name", call.at("function").at("name")},
                     {"arguments", json::parse(call.at("function").at("arguments").get<std::string>())}});
  }
  const std::string reason = answer.at("finish_reason");
  const json usage = answer.value("usage", json());
  const json input = At(usage, "/tokens/input_tokens");
  const json output = At(usage, "/tokens/output_tokens");
  json expected = {{"id", answer.at("id")},
                   {"content", OrNull(content)},
                   {"reasoning", OrNull(reasoning)},
                   {"calls", calls},
                   {"citations", At(answer, "/message/citations")},
                   {"finish_reason", reason == "MAX_TOKENS"  ? "length"
                                     : reason == "TOOL_CALL" ? "tool_calls"
                                                             : "stop"},
                   {"prompt_tokens", input},
                   {"completion_tokens", output},
                   {"total_tokens", input.get<int64_t>() + output.get<int64_t>()},
                   {"cached_tokens", At(usage, "/cached_tokens")},
                   {"reasoning_tokens", At(usage, "/tokens/reasoning_tokens")},
                   {"billed", At(usage, "/billed_units")}};
  return expected;
}

json SummaryOf(const json& completion) {
  const json& choice = completion.at("choices").at(0);
  const json& message = choice.at("message");
  json calls = json::array();
  for (const json& call : message.value("tool_calls", json::array())) {
    calls.push_back({{"id", call.at("id")},
                     {"name", call.at("function").at("name")},
                     {"arguments", json::parse(call.at("function").at("arguments").get<std::string>())}});
  }
  json summary = {{"id", completion.at("id")},
                  {"content", At(message, "/content")},
                  {"reasoning", At(message, "/reasoning_content")},
                  {"calls", calls},
                  {"citations", At(message, "/citations")},
                  {"finish_reason", choice.at("finish_reason")}};
  summary.update(UsageOf(completion.value("usage", json())));
  return summary;
}

json SummaryOfChunks(const std::vector<json>& chunks) {
  json message = {{"content", ""}, {"reasoning_content", ""}, {"tool_calls", json::array()}};
  json completion = {{"choices", json::array({json{{"message", json()}}})}};
  std::set<std::string> ids;
  int roles = 0;
  int finishes = 0;
  int usages = 0;
  for (const json& chunk : chunks) {
    ids.insert(chunk.at("id"));
    if (chunk.at("choices").empty()) {
      completion["usage"] = chunk.at("usage");
      ++usages;
      continue;
    }
    const json& choice = chunk.at("choices").at(0);
    const json& delta = choice.at("delta");
    roles += delta.contains("role") ? 1 : 0;
    for (const char* name : {"content", "reasoning_content"}) {
      message[name] = message[name].get<std::string>() + delta.value(name, "");
    }
    for (const json& piece : delta.value("tool_calls", json::array())) {
      const size_t index = piece.at("index");
      if (index == message["tool_calls"].size()) {
        message["tool_calls"].push_back(piece);
      } else {
        json& arguments = message["tool_calls"].at(index)["function"]["arguments"];
        arguments = arguments.get<std::string>() + piece.at("function").at("arguments").get<std::string>();
      }
    }
    for (const json& citation : delta.value("citations", json::array()))
      message["citations"].push_back(citation);
    if (!choice.at("finish_reason").is_null()) {
      completion["choices"][0]["finish_reason"] = choice.at("finish_reason");
      ++finishes;
    }
  }
  for (const char* name : {"content", "reasoning_content"}) {
    if (message[name] == "") message[name] = nullptr;
  }
  completion["id"] = *ids.begin();
  completion["choices"][0]["message"] = message;
  json summary = SummaryOf(completion);
  const bool good = ids.size() == 1 && roles == 1 && finishes == 1 && usages == 1 &&
                    chunks.front().at("choices").at(0).at("delta").contains("role");
  if (!good) summary["error"] = "the stream is out of form";
  return summary;
}

json HubRequestFor(const json& request) {
  json hub = request;
  if (hub.contains("stop_sequences")) {
    hub["stop"] = hub.at("stop_sequences");
    hub.erase("stop_sequences");
  }
  if (hub.contains("response_format") && hub.at("response_format").contains("json_schema")) {
    hub["response_format"] = {
        {"type", "json_schema"},
        {"json_schema", {{"name", "n"}, {"schema", hub.at("response_format").at("json_schema")}}}};
  }
  if (hub.value("strict_tools", false)) {
    for (json& tool : hub["tools"]) tool["function"]["strict"] = true;
    hub.erase("strict_tools");
  }
  return hub;
}

json Normalised(json request) {
  for (json& message : request["messages"]) {
    if (!message.contains("content") || !message.at("content").is_array()) continue;
    json parts = json::array();
    for (const json& part : message.at("content")) {
      if (part.value("text", "x") != "") parts.push_back(part);
    }
    message["content"] = parts;
    if (parts.empty()) message.erase("content");
  }
  if (request.contains("response_format")) request["response_format"]["type"] = "json_object";
  if (request.value("tool_choice", "") == "required") request["tool_choice"] = "REQUIRED";
  return request;
}

}  // namespace portolan::conformance::cohere
