#pragma once

#include <string>
#include <string_view>

namespace portolan {

// Whether a Content-Type says JSON: `application/json`, or a type with the suffix `+json`, whatever its
// parameters.
bool IsJsonMediaType(std::string_view content_type);

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
