#pragma once

#include <string>
#include <string_view>

#include "server/codec/json_reader.h"

namespace portolan::codec {

// The text of `json` if it is a JSON string, else "".
inline std::string StringValue(std::string_view json) {
  JsonReader reader(json);
  std::string scratch;
  std::string_view text;
  if (reader.Peek() != JsonType::kString || !reader.ReadString(&text, &scratch)) return {};
  return std::string(text);
}

}  // namespace portolan::codec
