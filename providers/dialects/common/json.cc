#include "providers/dialects/common/json.h"

#include <absl/container/flat_hash_map.h>

#include <utility>

#include "server/base/text.h"
#include "server/codec/json_string.h"
#include "server/codec/number.h"

namespace portolan::providers {
namespace {

using codec::JsonReader;
using codec::JsonType;

bool IsStrict(std::string_view text, JsonType type) {
  JsonReader reader(text);
  return reader.Peek() == type && reader.Skip(nullptr, /*strict=*/true) && reader.AtEnd();
}

}  // namespace

std::string_view JsonMember(std::string_view json, std::string_view name) {
  std::string_view found;
  ForEachMember(json, [&](std::string_view member, std::string_view value) {
    if (member == name) found = value;
  });
  return found;
}

std::string JsonText(std::string_view json) {
  JsonReader reader(json);
  std::string scratch;
  std::string_view text;
  if (reader.Peek() != JsonType::kString) return {};
  if (!reader.ReadString(&text, &scratch, codec::LoneSurrogate::kReplace)) return {};
  return std::string(text);
}

std::optional<int64_t> JsonInteger(std::string_view json) {
  JsonReader reader(json);
  std::string_view text;
  int64_t value = 0;
  if (reader.Peek() != JsonType::kNumber || !reader.ReadNumber(&text)) return std::nullopt;
  if (codec::ParseInteger(text, &value) != codec::NumberError::kNone) return std::nullopt;
  return value;
}

bool IsJsonObject(std::string_view text) { return IsStrict(text, JsonType::kObject); }
bool IsJsonArray(std::string_view text) { return IsStrict(text, JsonType::kArray); }

bool IsEmptyJson(std::string_view json) {
  if (json == "null") return true;
  if (json.size() < 2) return false;
  const bool array = json.front() == '[' && json.back() == ']';
  const bool object = json.front() == '{' && json.back() == '}';
  return (array || object) && TrimSpace(json.substr(1, json.size() - 2)).empty();
}

std::string JsonObjectOf(std::string_view name, std::string_view json) {
  std::string object = "{";
  codec::AppendQuoted(name, &object);
  object += ':';
  object += json;
  return object += '}';
}

std::string JsonObjectOfText(std::string_view name, std::string_view text) {
  return JsonObjectOf(name, JsonString(text));
}

std::string JsonArrayOf(std::span<const std::string> values) {
  std::string array = "[";
  for (const std::string& value : values) {
    if (array.size() > 1) array += ',';
    array += value;
  }
  return array += ']';
}

std::string JsonString(std::string_view text) {
  std::string json;
  codec::AppendQuoted(text, &json);
  return json;
}

std::string_view FindExtra(const Extras& extras, std::string_view name) {
  for (const v1::Extra& extra : extras) {
    if (extra.name() == name) return extra.json();
  }
  return {};
}

void AddExtra(std::string_view name, std::string json, Extras* extras) {
  v1::Extra* extra = extras->Add();
  extra->set_name(std::string(name));
  extra->set_json(std::move(json));
}

void CopyExtras(const Extras& from, const google::protobuf::Descriptor& type, std::string_view padding,
                Extras* to) {
  // Few are looked at one by one; only for many does an index pay, and their number is the provider's choice.
  constexpr int kFew = 8;
  const bool indexed = to->size() + from.size() > kFew;
  absl::flat_hash_map<std::string_view, v1::Extra*> present;
  if (indexed) {
    for (v1::Extra& extra : *to) present.emplace(extra.name(), &extra);
  }
  const int before = to->size();
  const auto find = [&](std::string_view name) -> v1::Extra* {
    if (indexed) {
      const auto known = present.find(name);
      return known == present.end() ? nullptr : known->second;
    }
    for (int i = 0; i < before; ++i) {
      if (to->Get(i).name() == name) return to->Mutable(i);
    }
    return nullptr;
  };
  for (const v1::Extra& extra : from) {
    // Lists of members that the dialect knows stand among these where they are empty.
    const bool says_nothing = !extra.json().starts_with('{') && IsEmptyJson(extra.json());
    if (says_nothing || extra.name() == padding) continue;
    // A name that means something else in the hub is not taken over.
    if (type.FindFieldByName(extra.name()) != nullptr) continue;
    if (v1::Extra* known = find(extra.name()); known != nullptr) {
      known->set_json(extra.json());
    } else {
      *to->Add() = extra;
    }
  }
}

}  // namespace portolan::providers
