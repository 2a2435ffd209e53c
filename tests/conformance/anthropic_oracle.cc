#include "tests/conformance/anthropic_oracle.h"

#include <map>
#include <string>

namespace portolan::conformance {
namespace {

using nlohmann::json;

json At(const json& object, const char* pointer) {
  const json::json_pointer at(pointer);
  return object.is_object() && object.contains(at) ? object.at(at) : json();
}

void ApplyDelta(const json& delta, json* block, std::string* input) {
  const std::string type = delta.at("type");
  const auto append = [&](const char* member) {
    (*block)[member] = block->value(member, std::string()) + delta.at(member).get<std::string>();
  };
  if (type == "text_delta") append("text");
  if (type == "thinking_delta") append("thinking");
  if (type == "signature_delta") (*block)["signature"] = delta.at("signature");
  if (type == "input_json_delta") *input += delta.at("partial_json").get<std::string>();
  if (type == "citations_delta") {
    if (!block->contains("citations") || (*block)["citations"].is_null())
      (*block)["citations"] = json::array();
    (*block)["citations"].push_back(delta.at("citation"));
  }
}

int64_t Number(const json& value) { return value.is_number() ? value.get<int64_t>() : 0; }

}  // namespace

std::vector<json> EventsOf(std::string_view sse) {
  std::vector<json> events;
  while (!sse.empty()) {
    const size_t end = sse.find('\n');
    const std::string_view line = sse.substr(0, end);
    sse.remove_prefix(end == std::string_view::npos ? sse.size() : end + 1);
    if (line.starts_with("data:")) events.push_back(json::parse(line.substr(5)));
  }
  return events;
}

json AssembleEvents(const std::vector<json>& events) {
  json message;
  std::map<int, std::string> inputs;
  for (const json& event : events) {
    const std::string type = event.at("type");
    if (type == "message_start") message = event.at("message");
    if (type == "content_block_start") message["content"].push_back(event.at("content_block"));
    if (type == "content_block_delta") {
      const int index = event.at("index");
      ApplyDelta(event.at("delta"), &message["content"].at(static_cast<size_t>(index)), &inputs[index]);
    }
    if (type == "message_delta") {
      message.update(event.at("delta"));
      if (event.contains("usage")) message["usage"].update(event.at("usage"));
    }
  }
  for (const auto& [index, input] : inputs) {
    if (!input.empty()) message["content"].at(static_cast<size_t>(index))["input"] = json::parse(input);
  }
  return message;
}

json ExpectedOf(const json& message) {
  static const std::map<std::string, std::string> kFinish = {{"end_turn", "stop"},
                                                             {"stop_sequence", "stop"},
                                                             {"pause_turn", "stop"},
                                                             {"max_tokens", "length"},
                                                             {"tool_use", "tool_calls"},
                                                             {"refusal", "content_filter"},
                                                             {"model_context_window_exceeded", "length"}};
  json out = {
      {"id", message.at("id")}, {"model", message.at("model")}, {"content", nullptr}, {"reasoning", nullptr}};
  out["calls"] = json::array();
  out["links"] = json::array();
  for (const json& block : message.at("content")) {
    const std::string type = block.at("type");
    if (type == "text") {
      out["content"] = (out["content"].is_null() ? "" : out["content"].get<std::string>()) +
                       block.at("text").get<std::string>();
      for (const json& citation :
           block.value("citations", json()).is_array() ? block["citations"] : json::array()) {
        if (citation.contains("url")) out["links"].push_back(citation["url"]);
      }
    } else if (type == "tool_use") {
      out["calls"].push_back(
          {{"id", block.at("id")}, {"name", block.at("name")}, {"arguments", block.at("input")}});
    } else if (type == "thinking" && !block.at("thinking").get<std::string>().empty()) {
      out["reasoning"] = (out["reasoning"].is_null() ? "" : out["reasoning"].get<std::string>()) +
                         block.at("thinking").get<std::string>();
    }
  }
  out["refusal"] = At(message, "/stop_details/explanation");
  out["finish_reason"] = kFinish.at(message.at("stop_reason"));
  out["stop_sequence"] = message.value("stop_sequence", json());
  const json& usage = message.at("usage");
  const json read = usage.value("cache_read_input_tokens", json());
  const json written = usage.value("cache_creation_input_tokens", json());
  const int64_t prompt = Number(usage.at("input_tokens")) + Number(read) + Number(written);
  out["prompt_tokens"] = prompt;
  out["completion_tokens"] = usage.at("output_tokens");
  out["total_tokens"] = prompt + Number(usage.at("output_tokens"));
  out["cached_tokens"] = read;
  out["cache_write_tokens"] = written;
  out["reasoning_tokens"] = At(usage, "/output_tokens_details/thinking_tokens");
  return out;
}

json SummaryOf(const json& completion) {
  const json& choice = completion.at("choices").at(0);
  const json& message = choice.at("message");
  json out = {{"id", completion.at("id")},
              {"model", completion.at("model")},
              {"content", message.at("content")},
              {"reasoning", message.value("reasoning_content", json())},
              {"refusal", message.at("refusal")},
              {"finish_reason", choice.at("finish_reason")},
              {"stop_sequence", choice.value("stop_sequence", json())}};
  out["calls"] = json::array();
  for (const json& call : message.value("tool_calls", json::array())) {
    out["calls"].push_back(
        {{"id", call.at("id")},
         {"name", call.at("function").at("name")},
         {"arguments", json::parse(call.at("function").at("arguments").get<std::string>())}});
  }
  out["links"] = json::array();
  for (const json& note : message.value("annotations", json::array())) {
    out["links"].push_back(note.at("url_citation").at("url"));
  }
  for (const char* count : {"prompt_tokens", "completion_tokens", "total_tokens"}) {
    out[count] = At(completion, (std::string("/usage/") + count).c_str());
  }
  out["cached_tokens"] = At(completion, "/usage/prompt_tokens_details/cached_tokens");
  out["cache_write_tokens"] = At(completion, "/usage/prompt_tokens_details/cache_write_tokens");
  out["reasoning_tokens"] = At(completion, "/usage/completion_tokens_details/reasoning_tokens");
  return out;
}

json SummaryOfChunks(const std::vector<json>& chunks) {
  json message = {{"content", nullptr},
                  {"refusal", nullptr},
                  {"tool_calls", json::array()},
                  {"annotations", json::array()}};
  json choice = {{"finish_reason", nullptr}};
  json usage;
  std::string wrong;
  const auto append = [](json* to, const json& piece) {
    *to = (to->is_null() ? "" : to->get<std::string>()) + piece.get<std::string>();
  };
  for (size_t i = 0; i < chunks.size(); ++i) {
    const json& chunk = chunks[i];
    if (chunk.at("id") != chunks[0].at("id") || chunk.at("model") != chunks[0].at("model"))
      wrong += "id or model changes; ";
    if (chunk.at("choices").empty()) {
      if (i + 1 != chunks.size()) wrong += "usage is not last; ";
      usage = chunk.at("usage");
      continue;
    }
    const json& piece = chunk.at("choices").at(0);
    const json& delta = piece.at("delta");
    if (delta.contains("role") != (i == 0)) wrong += "role is not in the first chunk alone; ";
    if (!choice["finish_reason"].is_null()) wrong += "something follows the finish; ";
    // An empty text at the start is the form of the first chunk, not content.
    if (delta.contains("content") && !(i == 0 && delta["content"] == ""))
      append(&message["content"], delta["content"]);
    if (delta.contains("reasoning_content"))
      append(&message["reasoning_content"], delta["reasoning_content"]);
    if (delta.contains("refusal")) append(&message["refusal"], delta["refusal"]);
    for (const json& note : delta.value("annotations", json::array())) message["annotations"].push_back(note);
    for (const json& call : delta.value("tool_calls", json::array())) {
      const size_t index = call.at("index");
      if (index == message["tool_calls"].size()) {
        if (!call.contains("id")) wrong += "a call begins without id; ";
        message["tool_calls"].push_back(call);
      } else if (index + 1 != message["tool_calls"].size() || call.contains("id")) {
        wrong += "calls are mixed up; ";
      } else {
        append(&message["tool_calls"][index]["function"]["arguments"], call.at("function").at("arguments"));
      }
    }
    if (!piece.at("finish_reason").is_null()) choice = piece;
  }
  choice["message"] = message;
  json out = SummaryOf({{"id", chunks.at(0).at("id")},
                        {"model", chunks[0].at("model")},
                        {"choices", {choice}},
                        {"usage", usage}});
  if (!wrong.empty()) out["error"] = wrong;
  return out;
}

json AssembleBlocks(const std::vector<json>& chunks) {
  json blocks = json::array();
  std::map<size_t, std::string> inputs;
  for (const json& chunk : chunks) {
    for (const json& choice : chunk.at("choices")) {
      for (const json& step : choice.at("delta").value("content_blocks", json::array())) {
        const size_t index = step.at("index");
        if (step.contains("content_block")) blocks.push_back(step["content_block"]);
        if (step.contains("delta")) ApplyDelta(step["delta"], &blocks.at(index), &inputs[index]);
      }
    }
  }
  for (const auto& [index, input] : inputs) {
    if (!input.empty()) blocks.at(index)["input"] = json::parse(input);
  }
  return blocks;
}

}  // namespace portolan::conformance
