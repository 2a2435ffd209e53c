#pragma once

#include <string>
#include <string_view>

namespace portolan {

// Appends `text` as a JSON string. Bytes that are not UTF-8 become U+FFFD. For what is seldom written:
// errors, names, edits; the codec has a faster way for text that is known to be UTF-8.
void AppendJsonString(std::string_view text, std::string* out);

// The same, alone.
inline std::string JsonString(std::string_view text) {
  std::string out;
  AppendJsonString(text, &out);
  return out;
}

}  // namespace portolan
