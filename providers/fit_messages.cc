#include "providers/fit_messages.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "providers/json_edit.h"
#include "server/base/json_text.h"
#include "server/base/text.h"
#include "server/codec/string_value.h"

namespace portolan::providers {
namespace {

using Kind = BodyRule::Kind;

std::string Place(std::string_view list, size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

std::string StringIn(const JsonObjectEdit& object, std::string_view member) {
  const std::string_view* value = object.Find(member);
  return value == nullptr ? std::string() : codec::StringValue(*value);
}

// The text of a list of nothing but text parts, as one JSON string; nullopt for any other content.
std::optional<std::string> JoinedText(std::string_view content) {
  const std::vector<std::string_view> parts = ElementsOf(content);
  if (parts.empty()) return std::nullopt;
  std::string joined = "\"";
  for (const std::string_view part : parts) {
    const JsonObjectEdit object(part);
    const std::string_view* text = object.Find("text");
    const bool is_text = StringIn(object, "type") == "text" && text != nullptr && text->starts_with('"');
    if (!is_text) return std::nullopt;
    if (joined.size() > 1) joined += "\\n\\n";
    // What stands between the quotes is a piece of a JSON string already.
    joined.append(text->substr(1, text->size() - 2));
  }
  return joined + '"';
}

// An id of nine letters and digits that stands for `id` wherever that stands: made of its hash (FNV-1a), so
// that a call and its result, and the same call in a later request, have the same one.
std::string NineCharacterId(std::string_view id) {
  constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  constexpr size_t kLength = 9;
  const bool fits =
      id.size() == kLength && std::all_of(id.begin(), id.end(), [](char c) { return IsLetterOrDigit(c); });
  if (fits) return std::string(id);
  uint64_t hash = 14695981039346656037U;
  for (const char c : id) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211U;
  }
  std::string made;
  for (size_t i = 0; i < kLength; ++i) {
    made += kDigits[hash % kDigits.size()];
    hash /= kDigits.size();
  }
  return made;
}

// Sets a member that holds an id to the nine characters that stand for it.
void ShortenId(std::string_view member, JsonObjectEdit* object) {
  const std::string id = StringIn(*object, member);
  if (id.empty()) return;
  if (std::string made = NineCharacterId(id); made != id) object->Set(member, JsonString(made));
}

void ShortenCallIds(JsonObjectEdit* message) {
  ShortenId("tool_call_id", message);
  const std::string_view* calls = message->Find("tool_calls");
  if (calls == nullptr) return;
  std::string edited;
  const bool any = EditElements(
      *calls,
      [](size_t, std::string_view element, std::string* text) {
        JsonObjectEdit call(element);
        ShortenId("id", &call);
        if (call.changed()) call.Write(text);
        return call.changed();
      },
      &edited);
  if (any) message->Set("tool_calls", std::move(edited));
}

// The `name` of a result is the function's, and stays: OpenAI's tool messages have none, so that whoever
// sends one knows that the provider takes it.
void LeaveOut(std::string_view members, size_t index, JsonObjectEdit* message, DroppedMembers* dropped) {
  while (!members.empty()) {
    const std::string_view member = TakeListed(&members);
    const std::string_view* value = message->Find(member);
    if (value == nullptr) continue;
    if (member == "name" && IsListed(StringIn(*message, "role"), "tool|function")) continue;
    if (!IsListed(*value, "null|[]|{}|\"\""))
      dropped->push_back(Place("messages", index).append(".").append(member));
    message->Remove(member);
  }
}

void LeaveOutNulls(JsonObjectEdit* message) {
  for (const std::string_view name : message->Names()) {
    const std::string_view* value = message->Find(name);
    if (name != "content" && value != nullptr && *value == "null") message->Remove(name);
  }
}

void FitMessage(const BodyRule& rule, size_t index, JsonObjectEdit* message, DroppedMembers* dropped) {
  switch (rule.kind) {
    case Kind::kDeveloperIsSystem:
      if (StringIn(*message, "role") == "developer") message->Set("role", R"("system")");
      return;
    case Kind::kTextAsString: {
      const std::string_view* content = message->Find("content");
      if (content == nullptr || !content->starts_with('[')) return;
      if (!rule.members.empty() && !IsListed(StringIn(*message, "role"), rule.members)) return;
      if (auto joined = JoinedText(*content)) message->Set("content", *std::move(joined));
      return;
    }
    case Kind::kMessageMember:
      return LeaveOut(rule.members, index, message, dropped);
    case Kind::kNullsOfMessage:
      return LeaveOutNulls(message);
    case Kind::kToolCallIds:
      return ShortenCallIds(message);
    default:
      return;
  }
}

// `{"type":"image_url","image_url":{"url":"https://…"}}`, or with the URL itself in place of the object.
bool IsPictureOfTheWeb(std::string_view part) {
  const JsonObjectEdit object(part);
  const std::string_view* const image = object.Find(kPicturesOfTheWeb);
  if (image == nullptr) return false;
  const std::string url =
      image->starts_with('{') ? StringIn(JsonObjectEdit(*image), "url") : codec::StringValue(*image);
  return StartsWithIgnoreCase(url, "https://") || StartsWithIgnoreCase(url, "http://");
}

bool IsOfTools(Kind kind) { return kind == Kind::kStrictOfTools || kind == Kind::kOnlyFunctionTools; }

// `strict` of a tool's function.
void LeaveOutStrict(size_t index, JsonObjectEdit* tool, DroppedMembers* dropped) {
  const std::string_view* function = tool->Find("function");
  if (function == nullptr) return;
  JsonObjectEdit object(*function);
  const std::string_view* strict = object.Find("strict");
  if (strict == nullptr) return;
  if (*strict == "true") dropped->push_back(Place("tools", index).append(".function.strict"));
  object.Remove("strict");
  std::string text;
  object.Write(&text);
  tool->Set("function", std::move(text));
}

}  // namespace

std::string_view TakeListed(std::string_view* list) {
  const size_t end = std::min(list->find('|'), list->size());
  const std::string_view item = list->substr(0, end);
  list->remove_prefix(std::min(end + 1, list->size()));
  return item;
}

bool HasPicturesOfTheWeb(std::string_view messages) {
  if (messages.find(kPicturesOfTheWeb) == std::string_view::npos) return false;
  for (const std::string_view message : ElementsOf(messages)) {
    const JsonObjectEdit object(message);
    const std::string_view* const content = object.Find("content");
    if (content == nullptr) continue;
    for (const std::string_view part : ElementsOf(*content)) {
      if (IsPictureOfTheWeb(part)) return true;
    }
  }
  return false;
}

bool IsListed(std::string_view item, std::string_view list) {
  while (!list.empty()) {
    if (TakeListed(&list) == item) return true;
  }
  return false;
}

void FitMessages(const ListRules& rules, std::string_view json, std::string* out, DroppedMembers* dropped) {
  const bool any =
      std::any_of(rules.begin(), rules.end(), [](const BodyRule* rule) { return !IsOfTools(rule->kind); });
  if (!any) return;
  EditElements(
      json,
      [&](size_t index, std::string_view element, std::string* text) {
        JsonObjectEdit message(element);
        for (const BodyRule* rule : rules) FitMessage(*rule, index, &message, dropped);
        if (message.changed()) message.Write(text);
        return message.changed();
      },
      out);
}

std::optional<Error> FitTools(const ListRules& rules, std::string_view provider, std::string_view json,
                              std::string* out, DroppedMembers* dropped) {
  std::optional<Error> error;
  const auto edit = [&](size_t index, std::string_view element, std::string* text) {
    JsonObjectEdit tool(element);
    for (const BodyRule* rule : rules) {
      const std::string type = StringIn(tool, "type");
      if (rule->kind == Kind::kOnlyFunctionTools && !type.empty() && type != "function" && !error) {
        const std::string place = Place("tools", index);
        error = Error::InvalidRequest("unsupported_value",
                                      place + ": " + std::string(provider) + " takes functions only", place);
      }
      if (rule->kind == Kind::kStrictOfTools) LeaveOutStrict(index, &tool, dropped);
    }
    if (tool.changed()) tool.Write(text);
    return tool.changed();
  };
  const bool any =
      std::any_of(rules.begin(), rules.end(), [](const BodyRule* rule) { return IsOfTools(rule->kind); });
  if (any) EditElements(json, edit, out);
  return error;
}

}  // namespace portolan::providers
