#pragma once

#include <string>
#include <string_view>

namespace portolan::providers {

// What a page or an XML answer that tells of an error says, in one line: its `<Message>`, else its title, and
// where that is a single word, the heading or sentence that follows (`Error: Cannot POST /chat/completions`);
// without any of these, all of its text. Tags are taken out, character references resolved. Looks at the
// first 64 KB; the result is not bounded otherwise, and is UTF-8 only if `markup` is.
std::string MarkupText(std::string_view markup);

}  // namespace portolan::providers
