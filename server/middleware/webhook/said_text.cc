#include "server/middleware/webhook/said_text.h"

#include <nlohmann/json.hpp>

namespace portolan::middleware {
namespace {

using nlohmann::json;

// A text, or the texts of a list of parts or of texts.
std::string TextIn(const json& content) {
  if (content.is_string()) return content.get<std::string>();
  if (!content.is_array()) return {};
  std::string all;
  for (const json& part : content) {
    std::string text;
    if (part.is_string()) text = part.get<std::string>();
    if (part.is_object() && part.contains("text") && part["text"].is_string()) text = part["text"];
    if (text.empty()) continue;
    all.append(all.empty() ? "" : "\n").append(text);
  }
  return all;
}

const json* Member(const json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return !object.is_object() || found == object.end() ? nullptr : &*found;
}

std::string ContentOf(const json& message) {
  const json* const content = Member(message, "content");
  return content == nullptr ? std::string() : TextIn(*content);
}

}  // namespace

std::string SaidText(std::string_view text) {
  const json all = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (const json* const messages = Member(all, "messages");
      messages != nullptr && messages->is_array() && !messages->empty()) {
    return ContentOf(messages->back());
  }
  if (const json* const choices = Member(all, "choices");
      choices != nullptr && choices->is_array() && !choices->empty()) {
    const json& choice = choices->front();
    if (const json* const message = Member(choice, "message")) return ContentOf(*message);
    const json* const said = Member(choice, "text");
    return said == nullptr ? std::string() : TextIn(*said);
  }
  for (const char* const name : {"prompt", "input", "content"}) {
    if (const json* const found = Member(all, name)) return TextIn(*found);
  }
  return {};
}

}  // namespace portolan::middleware
