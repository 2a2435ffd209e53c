#pragma once

#include <string>
#include <string_view>

namespace portolan {

// Appends `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD. For what is
// written seldom (errors, names, edits); the codec has a faster way for text known to be UTF-8.
void AppendJsonString(std::string_view text, std::string* out);

// `text` as a JSON string.
inline std::string JsonString(std::string_view text) {
  std::string out;
  AppendJsonString(text, &out);
  return out;
}

}  // namespace portolan
