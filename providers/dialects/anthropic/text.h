#pragma once

// What Anthropic's API demands of text: it refuses blocks that are only white space, and white space at the
// end of an answer that it is to continue.

#include <string_view>

namespace portolan::providers::anthropic {

// Whether a UTF-8 text is empty or only white space, Unicode's included.
bool IsBlank(std::string_view text);

// The text without the white space at its end.
std::string_view WithoutTrailingSpace(std::string_view text);

}  // namespace portolan::providers::anthropic
