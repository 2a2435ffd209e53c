#pragma once

// White space as the APIs that serve Claude see it: Anthropic's and Bedrock's refuse blocks that have nothing
// else, and white space at the end of an answer that the model is to continue.

#include <string_view>

namespace portolan::providers {

// Whether a UTF-8 text is empty or only white space, Unicode's included.
bool IsBlank(std::string_view text);

// The text without the white space at its end.
std::string_view WithoutTrailingSpace(std::string_view text);

}  // namespace portolan::providers
