#include "tests/conformance/bedrock_oracle.h"

#include <map>

namespace portolan::conformance::bedrock {
namespace {

using nlohmann::json;

uint32_t Number(std::string_view bytes, size_t size) {
  uint32_t value = 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(bytes.at(i));
  return value;
}

json At(const json& object, const char* pointer) {
  const json::json_pointer at(pointer);
  return object.is_object() && object.contains(at) ? object.at(at) : json();
}

void Append(const std::string& text, json* to) {
  *to = (to->is_null() ? std::string() : to->get<std::string>()) + text;
}

int64_t Count(const json& value) { return value.is_number() ? value.get<int64_t>() : 0; }

void AddSources(const json& citations, json* out) {
  for (const json& citation : citations) {
    const json url = At(citation, "/location/web/url");
    if (url.is_string()) (*out)["links"].push_back(url);
  }
}

json FinishOf(const std::string& reason) {
  static const std::map<std::string, std::string> kFinish = {{"end_turn", "stop"},
                                                             {"stop_sequence", "stop"},
                                                             {"tool_use", "tool_calls"},
                                                             {"max_tokens", "length"},
                                                             {"guardrail_intervened", "content_filter"},
                                                             {"content_filtered", "content_filter"}};
  return kFinish.at(reason);
}

void AddUsage(const json& usage, json* out) {
  (*out)["prompt_tokens"] = At(usage, "/prompt_tokens");
  (*out)["completion_tokens"] = At(usage, "/completion_tokens");
  (*out)["total_tokens"] = At(usage, "/total_tokens");
  (*out)["cached_tokens"] = At(usage, "/prompt_tokens_details/cached_tokens");
}

json Empty() {
  return {{"content", nullptr},     {"reasoning", nullptr},     {"calls", json::array()},
          {"links", json::array()}, {"finish_reason", nullptr}, {"server_calls", json::array()}};
}

}  // namespace

std::string DecodeBase64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t value = kDigits.find(c);
    if (value == std::string_view::npos) continue;
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  return out;
}

std::vector<json> FramesOf(std::string_view bytes) {
  std::vector<json> frames;
  while (!bytes.empty()) {
    const size_t total = Number(bytes, 4);
    const size_t headers = Number(bytes.substr(4), 4);
    std::string_view rest = bytes.substr(12, headers);
    json frame = {{"payload", json::parse(bytes.substr(12 + headers, total - headers - 16))}};
    while (!rest.empty()) {
      const size_t name = Number(rest, 1);
      const std::string key(rest.substr(1, name));
      const size_t value = Number(rest.substr(2 + name), 2);  // all are texts: type 7
      const std::string text(rest.substr(4 + name, value));
      if (key == ":event-type" || key == ":exception-type") frame["type"] = text;
      rest.remove_prefix(4 + name + value);
    }
    frames.push_back(frame);
    bytes.remove_prefix(total);
  }
  return frames;
}

json AssembleFrames(const std::vector<json>& frames) {
  std::map<int, json> blocks;
  std::map<int, std::string> inputs;
  json answer;
  for (const json& frame : frames) {
    const std::string type = frame.at("type");
    const json& payload = frame.at("payload");
    const int index = payload.value("contentBlockIndex", -1);
    if (type == "contentBlockStart") blocks[index] = payload.at("start");
    if (type == "contentBlockDelta") {
      const json& delta = payload.at("delta");
      json& block = blocks[index];
      if (delta.contains("text")) Append(delta.at("text"), &block["text"]);
      if (delta.contains("toolUse")) inputs[index] += delta.at("toolUse").at("input").get<std::string>();
      if (delta.contains("citation")) block["citations"].push_back(delta.at("citation"));
      if (delta.contains("reasoningContent") && delta["reasoningContent"].contains("text")) {
        Append(delta["reasoningContent"]["text"], &block["reasoningContent"]["reasoningText"]["text"]);
      }
    }
    if (type == "messageStop") answer["stopReason"] = payload.at("stopReason");
    if (type == "metadata") answer["usage"] = payload.at("usage");
  }
  for (const auto& [index, input] : inputs) {
    blocks[index]["toolUse"]["input"] = json::parse(input.empty() ? "{}" : input);
  }
  answer["output"]["message"]["content"] = json::array();
  for (const auto& [index, block] : blocks) answer["output"]["message"]["content"].push_back(block);
  return answer;
}

json ExpectedOf(const json& answer) {
  json out = Empty();
  for (const json& block : answer.at("output").at("message").at("content")) {
    if (block.contains("text")) Append(block.at("text"), &out["content"]);
    for (const json& piece : block.value(json::json_pointer("/citationsContent/content"), json::array())) {
      Append(piece.at("text"), &out["content"]);
    }
    AddSources(block.value(json::json_pointer("/citationsContent/citations"), json::array()), &out);
    AddSources(block.value("citations", json::array()), &out);  // of a stream
    const json reasoning = At(block, "/reasoningContent/reasoningText/text");
    if (reasoning.is_string()) Append(reasoning, &out["reasoning"]);
    if (!block.contains("toolUse")) continue;
    const json& call = block.at("toolUse");
    if (call.value("type", "") == "server_tool_use") {
      out["server_calls"].push_back(call.at("name"));
    } else {
      out["calls"].push_back(
          {{"id", call.at("toolUseId")}, {"name", call.at("name")}, {"arguments", call.at("input")}});
    }
  }
  out["finish_reason"] = FinishOf(answer.at("stopReason"));
  const json& usage = answer.at("usage");
  const int64_t prompt = Count(At(usage, "/inputTokens")) + Count(At(usage, "/cacheReadInputTokens")) +
                         Count(At(usage, "/cacheWriteInputTokens"));
  out["prompt_tokens"] = prompt;
  out["completion_tokens"] = usage.at("outputTokens");
  out["total_tokens"] = usage.at("totalTokens");
  out["cached_tokens"] = At(usage, "/cacheReadInputTokens");
  return out;
}

json SummaryOf(const json& completion) {
  json out = Empty();
  const json& choice = completion.at("choices").at(0);
  const json& message = choice.at("message");
  out["content"] = message.at("content");
  out["reasoning"] = message.value("reasoning_content", json());
  out["finish_reason"] = choice.at("finish_reason");
  for (const json& call : message.value("tool_calls", json::array())) {
    out["calls"].push_back(
        {{"id", call.at("id")},
         {"name", call.at("function").at("name")},
         {"arguments", json::parse(call.at("function").at("arguments").get<std::string>())}});
  }
  for (const json& note : message.value("annotations", json::array())) {
    out["links"].push_back(note.at("url_citation").at("url"));
  }
  for (const json& block : message.value("content_blocks", json::array())) {
    if (block.at("type") == "server_tool_use") out["server_calls"].push_back(block.at("name"));
  }
  AddUsage(completion.at("usage"), &out);
  return out;
}

json SummaryOfChunks(const std::vector<json>& chunks) {
  json message = {{"content", nullptr}};
  std::map<int, json> calls;
  json finish;
  json usage;
  std::string error;
  int roles = 0;
  for (const json& chunk : chunks) {
    if (chunk.contains("usage") && !chunk["usage"].is_null()) usage = chunk["usage"];
    for (const json& choice : chunk.value("choices", json::array())) {
      const json& delta = choice.at("delta");
      if (!finish.is_null()) error = "something follows the finish reason";
      roles += delta.contains("role") ? 1 : 0;
      if (delta.contains("content") && delta["content"] != "") Append(delta["content"], &message["content"]);
      if (delta.contains("reasoning_content"))
        Append(delta["reasoning_content"], &message["reasoning_content"]);
      for (const json& note : delta.value("annotations", json::array()))
        message["annotations"].push_back(note);
      for (const json& step : delta.value("content_blocks", json::array())) {
        if (step.contains("content_block")) message["content_blocks"].push_back(step["content_block"]);
      }
      for (const json& call : delta.value("tool_calls", json::array())) {
        json& whole = calls[call.at("index")];
        if (whole.is_null() != call.contains("id")) error = "a call's id comes late, or twice";
        if (call.contains("id"))
          whole = {{"id", call["id"]}, {"function", {{"name", call["function"]["name"]}}}};
        Append(call.at("function").at("arguments"), &whole["function"]["arguments"]);
      }
      if (!choice.at("finish_reason").is_null()) finish = choice.at("finish_reason");
    }
  }
  if (roles != 1) error = "the role comes " + std::to_string(roles) + " times";
  for (const auto& [index, call] : calls) message["tool_calls"].push_back(call);
  json out = SummaryOf({{"choices", {{{"message", message}, {"finish_reason", finish}}}}, {"usage", usage}});
  if (!error.empty()) out["error"] = error;
  return out;
}

}  // namespace portolan::conformance::bedrock
