#include "providers/echo/reply.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "server/base/utf8.h"

namespace portolan::providers::echo {
namespace {

constexpr int kMaxSchemaDepth = 16;
constexpr size_t kMaxPieces = 64;

std::string TextOf(const v1::Content& content) {
  if (content.kind_case() == v1::Content::kText) return content.text();
  std::string text;
  for (const v1::ContentPart& part : content.parts().items()) {
    if (part.type() == "text") text += part.text();
  }
  return text;
}

// The name of the tool that the request insists on being called; empty if it leaves the choice open.
std::string DemandedTool(const v1::ChatCompletionRequest& request) {
  const v1::ToolChoice& choice = request.tool_choice();
  if (choice.kind_case() == v1::ToolChoice::kNamed) return choice.named().function().name();
  if (choice.mode() != "required") return {};
  for (const v1::Tool& tool : request.tools()) {
    if (tool.has_function()) return tool.function().name();
  }
  return {};
}

nlohmann::json Instance(const nlohmann::json& schema, std::string_view text, int depth) {
  if (depth > kMaxSchemaDepth || !schema.is_object()) return nlohmann::json::object();
  if (const auto values = schema.find("enum");
      values != schema.end() && values->is_array() && !values->empty()) {
    return values->front();
  }
  if (const auto value = schema.find("const"); value != schema.end()) return *value;
  if (const auto any = schema.find("anyOf"); any != schema.end() && any->is_array() && !any->empty()) {
    return Instance(any->front(), text, depth + 1);
  }
  nlohmann::json type = schema.value("type", nlohmann::json("object"));
  if (type.is_array() && !type.empty()) type = nlohmann::json(type.front());
  if (type == "string") return text;
  if (type == "integer" || type == "number") return schema.value("minimum", nlohmann::json(0));
  if (type == "boolean") return false;
  if (type == "array") return nlohmann::json::array();
  if (type == "null") return nullptr;
  nlohmann::json object = nlohmann::json::object();
  const auto properties = schema.find("properties");
  if (properties == schema.end() || !properties->is_object()) return object;
  for (const auto& name : schema.value("required", nlohmann::json::array())) {
    if (!name.is_string()) continue;
    const auto property = properties->find(name.get<std::string>());
    if (property != properties->end()) object[name.get<std::string>()] = Instance(*property, text, depth + 1);
  }
  return object;
}

}  // namespace

int64_t CountTokens(std::string_view text) { return static_cast<int64_t>((text.size() + 3) / 4); }

std::string InstanceOf(std::string_view schema, std::string_view text) {
  const auto parsed = nlohmann::json::parse(schema, nullptr, /*allow_exceptions=*/false);
  return Instance(parsed, text, 0).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

int64_t PromptTokens(const v1::ChatCompletionRequest& request) {
  int64_t tokens = 0;
  for (const v1::Message& message : request.messages()) tokens += CountTokens(TextOf(message.content()));
  return tokens;
}

ChatReply AnswerChat(const v1::ChatCompletionRequest& request) {
  ChatReply reply;
  reply.prompt_tokens = PromptTokens(request);
  std::string last_user;
  for (const v1::Message& message : request.messages()) {
    if (message.role() == "user" || message.role() == "tool") last_user = TextOf(message.content());
  }
  const std::string tool_name = DemandedTool(request);
  for (const v1::Tool& tool : request.tools()) {
    if (tool_name.empty() || tool.function().name() != tool_name) continue;
    reply.calls.push_back({tool_name, InstanceOf(tool.function().parameters(), last_user)});
    reply.completion_tokens = CountTokens(reply.calls.back().arguments);
    reply.finish_reason = "tool_calls";
    return reply;
  }
  const v1::ResponseFormat& format = request.response_format();
  if (format.type() == "json_schema") {
    reply.text = InstanceOf(format.json_schema().schema(), last_user);
  } else if (format.type() == "json_object") {
    reply.text = InstanceOf(
        R"({"type":"object","properties":{"echo":{"type":"string"}},"required":["echo"]})", last_user);
  } else {
    reply.text = std::move(last_user);
  }
  const int64_t limit = request.has_max_completion_tokens() ? request.max_completion_tokens()
                        : request.has_max_tokens()          ? request.max_tokens()
                                                            : INT64_MAX / 4;
  if (limit >= 0 && CountTokens(reply.text) > limit) {
    reply.text.resize(CutUtf8(reply.text, static_cast<size_t>(limit) * 4).size());
    reply.finish_reason = "length";
  }
  reply.completion_tokens = CountTokens(reply.text);
  return reply;
}

std::vector<std::string> InputTexts(const v1::TextInput& input) {
  const auto join = [](const v1::TokenIds& tokens) {
    std::string text;
    for (const int64_t id : tokens.ids()) text += (text.empty() ? "" : " ") + std::to_string(id);
    return text;
  };
  std::vector<std::string> texts;
  switch (input.kind_case()) {
    case v1::TextInput::kText:
      texts.push_back(input.text());
      break;
    case v1::TextInput::kTexts:
      texts.assign(input.texts().items().begin(), input.texts().items().end());
      break;
    case v1::TextInput::kTokens:
      texts.push_back(join(input.tokens()));
      break;
    case v1::TextInput::kTokenLists:
      for (const v1::TokenIds& tokens : input.token_lists().items()) texts.push_back(join(tokens));
      break;
    case v1::TextInput::KIND_NOT_SET:
      break;
  }
  return texts;
}

std::vector<float> Embed(std::string_view text, int dimensions) {
  // FNV-1a of the text seeds SplitMix64, one step a dimension.
  uint64_t state = 0xcbf29ce484222325;
  for (const char c : text) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  std::vector<float> vector(static_cast<size_t>(dimensions));
  double norm = 0;
  for (float& value : vector) {
    state += 0x9e3779b97f4a7c15;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    value = static_cast<float>(static_cast<double>((z ^ (z >> 31)) >> 11) / 4503599627370496.0 - 1.0);
    norm += static_cast<double>(value) * static_cast<double>(value);
  }
  const double scale = norm > 0 ? 1 / std::sqrt(norm) : 0;
  for (float& value : vector) value = static_cast<float>(static_cast<double>(value) * scale);
  return vector;
}

std::vector<std::string_view> Pieces(std::string_view text) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    const size_t space = pieces.size() + 1 < kMaxPieces ? text.find(' ') : std::string_view::npos;
    const size_t length = space == std::string_view::npos ? text.size() : space + 1;
    pieces.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return pieces;
}

}  // namespace portolan::providers::echo
