#pragma once

// What endpoints that issue tokens have in common (RFC 6749).

#include <string>
#include <string_view>
#include <variant>

#include "providers/need.h"
#include "server/codec/json_reader.h"

namespace portolan::providers {

// Adds `name=value` to a form, the value percent-encoded.
void AddFormParameter(std::string_view name, std::string_view value, std::string* form);

// Words of somebody else's that may stand in a message: printable ASCII, cut to a bounded length.
std::string PrintableWords(std::string_view text);

// Reads the answer of a token endpoint (sections 5.1 and 5.2). `expires_in` may be a text, as Azure's
// instance metadata service has it.
std::variant<Token, Refusal> ReadTokenAnswer(int http_status, std::string_view body);

// Gives `take` the members of an object whose values are strings. False if `json` is no object.
template <typename Take>
bool ForEachText(std::string_view json, Take take) {
  codec::JsonReader reader(json);
  if (reader.Peek() != codec::JsonType::kObject || !reader.EnterObject()) return false;
  std::string name_scratch;
  std::string scratch;
  std::string_view name;
  while (reader.NextMember(&name, &name_scratch)) {
    std::string_view value;
    if (reader.Peek() != codec::JsonType::kString) {
      if (!reader.Skip()) return false;
    } else if (!reader.ReadString(&value, &scratch)) {
      return false;
    } else {
      take(name, value);
    }
  }
  return !reader.failed() && reader.AtEnd();
}

// Gives `take` the members of an object, their values as they are written. False if `json` is no object.
template <typename Take>
bool ForEachValue(std::string_view json, Take take) {
  codec::JsonReader reader(json);
  if (reader.Peek() != codec::JsonType::kObject || !reader.EnterObject()) return false;
  std::string scratch;
  std::string_view name;
  std::string_view value;
  while (reader.NextMember(&name, &scratch)) {
    if (!reader.Skip(&value)) return false;
    take(name, value);
  }
  return !reader.failed() && reader.AtEnd();
}

}  // namespace portolan::providers
