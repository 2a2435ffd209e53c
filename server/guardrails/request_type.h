#pragma once

#include <string_view>

namespace portolan::guardrails {

// Portkey's word for what a call of this path, below the API's root, asks for (`chat/completions`:
// `chatComplete`), as its hooks tell it in `requestType`; `proxy` where there is none. A query, and a slash
// at the beginning, do not count.
std::string_view RequestTypeOf(std::string_view path);

}  // namespace portolan::guardrails
