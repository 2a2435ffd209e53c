#pragma once

#include <string>
#include <string_view>

namespace portolan::providers {

// What an error page or an XML error says, in one line: its `<Message>`, else its title, with the heading or
// sentence that follows if the title is a single word (`Error: Cannot POST /chat/completions`), else all of
// its text. Tags are removed and character references resolved. Looks at the first 64 KB only. The result has
// no other bound, and is UTF-8 only if `markup` is.
std::string MarkupText(std::string_view markup);

}  // namespace portolan::providers
