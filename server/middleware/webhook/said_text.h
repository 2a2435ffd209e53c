#pragma once

#include <string>
#include <string_view>

namespace portolan::middleware {

// What Portkey's hooks call the text of a request or an answer, in JSON of any door: of a request the last
// message's, the prompt's or the input's, of an answer the first choice's; parts of text with line feeds
// between them. Empty: there is none.
std::string SaidText(std::string_view json);

}  // namespace portolan::middleware
