#pragma once

// Looks into JSON values that are kept as text, and makes small ones. Whatever the text is, nothing worse
// happens than that nothing is found.

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "portolan/v1/extra.pb.h"
#include "server/codec/json_reader.h"

namespace portolan::providers {

using Extras = google::protobuf::RepeatedPtrField<v1::Extra>;

// The value of an object's member as it stands, the last one of that name; empty if there is none, or `json`
// is no object.
std::string_view JsonMember(std::string_view json, std::string_view name);
// The text of a JSON string; empty for anything else.
std::string JsonText(std::string_view json);
// A JSON integer; nullopt for anything else.
std::optional<int64_t> JsonInteger(std::string_view json);

// Gives `take` the name and the value, as it stands, of each member of an object. Nothing if `json` is none.
template <typename Take>
void ForEachMember(std::string_view json, Take take) {
  codec::JsonReader reader(json);
  if (reader.Peek() != codec::JsonType::kObject || !reader.EnterObject()) return;
  std::string scratch;
  std::string_view value;
  for (std::string_view name; reader.NextMember(&name, &scratch) && reader.Skip(&value);) take(name, value);
}

// Gives `take` each element of an array, as it stands. Nothing if `json` is none.
template <typename Take>
void ForEachElement(std::string_view json, Take take) {
  codec::JsonReader reader(json);
  if (reader.Peek() != codec::JsonType::kArray || !reader.EnterArray()) return;
  for (std::string_view value; reader.NextElement() && reader.Skip(&value);) take(value);
}

// Whether `text` is one JSON object, or one array, in which no key occurs twice.
bool IsJsonObject(std::string_view text);
bool IsJsonArray(std::string_view text);
// Whether a value is `null`, `[]` or `{}`: it asks for nothing.
bool IsEmptyJson(std::string_view json);

// `{"name": value}` with a JSON value, or with a text.
std::string JsonObjectOf(std::string_view name, std::string_view json);
std::string JsonObjectOfText(std::string_view name, std::string_view text);
// `[value,value]`
std::string JsonArrayOf(std::span<const std::string> values);
// A text as a JSON string.
std::string JsonString(std::string_view text);

// The value of the member of this name as it stands; empty if there is none.
std::string_view FindExtra(const Extras& extras, std::string_view name);
void AddExtra(std::string_view name, std::string json, Extras* extras);

// Copies members that `type` does not describe, except nulls, empty lists and those called `padding`. A name
// that `to` has takes the new value: it may come of two messages of a stream, and no object has it twice.
void CopyExtras(const Extras& from, const google::protobuf::Descriptor& type, std::string_view padding,
                Extras* to);

// The same for a message of the hub.
template <typename M>
void CopyExtras(const Extras& from, M* to, std::string_view padding = {}) {
  if (!from.empty()) CopyExtras(from, *M::descriptor(), padding, to->mutable_extra());
}

}  // namespace portolan::providers
