#include "tests/conformance/google_oracle.h"

#include <map>
#include <set>

namespace portolan::conformance {
namespace {

using nlohmann::json;

json PartsOf(const json& candidate) {
  return candidate.value("content", json::object()).value("parts", json::array());
}

bool IsText(const json& part) { return part.contains("text"); }
bool IsThought(const json& part) { return part.value("thought", false); }

int64_t CountOf(const json& usage, const char* name) { return usage.value(name, int64_t{0}); }

// Of every recording the total is prompt + tool prompts + answer + thoughts.
json ExpectedUsage(const json& usage) {
  const int64_t prompt = CountOf(usage, "promptTokenCount") + CountOf(usage, "toolUsePromptTokenCount");
  const int64_t completion = CountOf(usage, "candidatesTokenCount") + CountOf(usage, "thoughtsTokenCount");
  return {{"prompt_tokens", prompt},
          {"completion_tokens", completion},
          {"total_tokens", usage.at("totalTokenCount")},
          {"cached_tokens", usage.value("cachedContentTokenCount", json())},
          {"reasoning_tokens", usage.value("thoughtsTokenCount", json())}};
}

std::string ExpectedFinish(const json& reason, bool calls) {
  static const std::map<std::string, std::string> kWords = {{"\"STOP\"", "stop"},
                                                            {"1", "stop"},
                                                            {"\"MAX_TOKENS\"", "length"},
                                                            {"\"SAFETY\"", "content_filter"},
                                                            {"\"UNEXPECTED_TOOL_CALL\"", "stop"}};
  const std::string word = kWords.at(reason.dump());
  return word == "stop" && calls ? "tool_calls" : word;
}

json ExpectedChoice(const json& candidate) {
  json choice = {
      {"content", nullptr}, {"reasoning", nullptr}, {"calls", json::array()}, {"signature", nullptr}};
  const auto append = [&](const char* name, const json& text) {
    choice[name] = (choice[name].is_null() ? "" : choice[name].get<std::string>()) + text.get<std::string>();
  };
  std::set<std::string> links;
  for (const json& part : PartsOf(candidate)) {
    if (part.contains("functionCall")) {
      const json& call = part["functionCall"];
      choice["calls"].push_back({{"name", call.at("name")},
                                 {"arguments", call.value("args", json::object())},
                                 {"signature", part.value("thoughtSignature", json())}});
    } else if (IsText(part)) {
      append(IsThought(part) ? "reasoning" : "content", part["text"]);
      if (part.contains("thoughtSignature")) choice["signature"] = part["thoughtSignature"];
    }
  }
  const json grounding = candidate.value("groundingMetadata", json::object());
  for (const json& support : grounding.value("groundingSupports", json::array())) {
    for (const json& at : support["groundingChunkIndices"]) {
      const json& chunk = grounding["groundingChunks"][at.get<size_t>()];
      if (chunk.contains("web")) links.insert(chunk["web"]["uri"].get<std::string>());
    }
  }
  choice["links"] = links;
  choice["finish_reason"] = ExpectedFinish(candidate.at("finishReason"), !choice["calls"].empty());
  return choice;
}

json SummaryOfChoice(const json& choice) {
  const json& message = choice.at("message");
  const auto signature = [](const json& holder) {
    return holder.value(json::json_pointer("/extra_content/google/thought_signature"), json());
  };
  json calls = json::array();
  for (const json& call : message.value("tool_calls", json::array())) {
    calls.push_back({{"name", call["function"]["name"]},
                     {"arguments", json::parse(call["function"]["arguments"].get<std::string>())},
                     {"signature", signature(call)}});
  }
  std::set<std::string> links;
  for (const json& one : message.value("annotations", json::array())) {
    links.insert(one["url_citation"]["url"].get<std::string>());
  }
  return {{"content", message.value("content", json())},
          {"reasoning", message.value("reasoning_content", json())},
          {"calls", calls},
          {"signature", signature(message)},
          {"links", links},
          {"finish_reason", choice.at("finish_reason")}};
}

}  // namespace

std::vector<json> GoogleEventsOf(const json& body) {
  const std::string& text = body.get_ref<const std::string&>();
  std::vector<json> events;
  if (text.starts_with('[')) return json::parse(text).get<std::vector<json>>();
  constexpr std::string_view kData = "data: ";
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find("\r\n", at);
    const std::string_view line = std::string_view(text).substr(at, end - at);
    if (line.starts_with(kData)) events.push_back(json::parse(line.substr(kData.size())));
    at = end == std::string::npos ? text.size() : end + 2;
  }
  return events;
}

json AssembleGoogleEvents(const std::vector<json>& events) {
  json answer = json::object();
  json parts = json::array();
  json candidate = json::object();
  for (const json& event : events) {
    answer.update(event);
    for (const json& piece : event.value("candidates", json::array())) {
      candidate.update(piece);
      for (const json& part : PartsOf(piece)) {
        const bool joins = !parts.empty() && IsText(part) && IsText(parts.back()) &&
                           IsThought(part) == IsThought(parts.back()) && !part.contains("thoughtSignature") &&
                           !parts.back().contains("thoughtSignature");
        if (joins) {
          parts.back()["text"] = parts.back()["text"].get<std::string>() + part["text"].get<std::string>();
        } else {
          parts.push_back(part);
        }
      }
    }
  }
  candidate["content"] = {{"role", "model"}, {"parts", parts}};
  answer["candidates"] = json::array({candidate});
  return answer;
}

json ExpectedOfGoogle(const json& answer) {
  json choices = json::array();
  for (const json& candidate : answer.at("candidates")) choices.push_back(ExpectedChoice(candidate));
  return {{"id", answer.value("responseId", "")},
          {"model", answer.value("modelVersion", json())},
          {"usage", ExpectedUsage(answer.at("usageMetadata"))},
          {"choices", choices}};
}

json SummaryOfHub(const json& completion) {
  const json& usage = completion.at("usage");
  json choices = json::array();
  for (const json& choice : completion.at("choices")) choices.push_back(SummaryOfChoice(choice));
  return {
      {"id", completion.at("id")},
      {"model", completion.at("model")},
      {"usage",
       {{"prompt_tokens", usage.at("prompt_tokens")},
        {"completion_tokens", usage.at("completion_tokens")},
        {"total_tokens", usage.at("total_tokens")},
        {"cached_tokens", usage.value(json::json_pointer("/prompt_tokens_details/cached_tokens"), json())},
        {"reasoning_tokens",
         usage.value(json::json_pointer("/completion_tokens_details/reasoning_tokens"), json())}}},
      {"choices", choices}};
}

json AssembleChunks(const std::vector<json>& chunks) {
  json completion = json::object();
  json message = json::object();
  json choice = json::object();
  const auto append = [](json* to, const json& text) {
    *to = (to->is_string() ? to->get<std::string>() : "") + text.get<std::string>();
  };
  for (const json& chunk : chunks) {
    for (const auto& [name, value] : chunk.items()) {
      if (name != "choices") completion[name] = value;
    }
    for (const json& piece : chunk.at("choices")) {
      if (!piece.at("finish_reason").is_null()) choice["finish_reason"] = piece["finish_reason"];
      for (const auto& [name, value] : piece.at("delta").items()) {
        if (name == "content" || name == "reasoning_content") {
          append(&message[name], value);
        } else if (name != "tool_calls") {
          message[name] = value;
        } else {
          for (const json& call : value) {
            json& slot = message["tool_calls"][call.at("index").get<size_t>()];
            if (slot.is_null()) slot = json::object();
            json arguments = slot.value(json::json_pointer("/function/arguments"), json());
            append(&arguments, call.at("function").at("arguments"));
            slot.update(call);
            slot["function"]["arguments"] = arguments;
          }
        }
      }
    }
  }
  // A text that never came is null in an answer that was not streamed.
  choice["message"] = message;
  completion["choices"] = json::array({choice});
  return completion;
}

json PartsToSendBack(const json& answer) {
  json back = json::array();
  for (json part : PartsOf(answer.at("candidates").at(0))) {
    const bool says = !IsText(part) || part["text"] != "" || part.contains("thoughtSignature");
    if (IsThought(part) || !says) continue;
    if (part.contains("functionCall")) part["functionCall"].emplace("args", json::object());
    back.push_back(part);
  }
  return back;
}

}  // namespace portolan::conformance
