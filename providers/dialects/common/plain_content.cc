#include "providers/dialects/common/plain_content.h"

namespace portolan::providers {
namespace {

void TakePart(std::string_view part, std::string* text, std::string* reasoning) {
  if (part.starts_with('"')) {
    text->append(JsonText(part));
  } else if (JsonText(JsonMember(part, "type")) == "thinking") {
    reasoning->append(ThinkingText(JsonMember(part, "thinking")));
  } else {
    text->append(JsonText(JsonMember(part, "text")));
  }
}

}  // namespace

void TakeOtherContent(const Extras& extras, std::string* text, std::string* reasoning) {
  const std::string_view content = FindExtra(extras, "content");
  if (content.starts_with('{')) text->append(content);
  ForEachElement(content, [&](std::string_view part) { TakePart(part, text, reasoning); });
}

std::string ThinkingText(std::string_view json) {
  if (json.starts_with('"')) return JsonText(json);
  std::string text;
  ForEachElement(json, [&](std::string_view part) { text += JsonText(JsonMember(part, "text")); });
  return text;
}

}  // namespace portolan::providers
