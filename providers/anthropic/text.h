#pragma once

// What Anthropic's API minds about text: it refuses blocks of white space alone, and white space at the end
// of an answer that it is to continue.

#include <string_view>

namespace portolan::providers::anthropic {

// Whether a text is empty or nothing but white space, Unicode's included. `text` is UTF-8.
bool IsBlank(std::string_view text);

// The text without the white space at its end.
std::string_view WithoutTrailingSpace(std::string_view text);

// Without regard to the case of ASCII letters. `prefix` is in lower case.
bool StartsWithNoCase(std::string_view text, std::string_view prefix);
bool EndsWithNoCase(std::string_view text, std::string_view suffix);

}  // namespace portolan::providers::anthropic
