#pragma once

// Headers of the request that go to a provider as they are, because the caller or a config names them.

#include <string>
#include <string_view>
#include <vector>

namespace portolan::routing {

// Whether a header of this name (lower case) may be forwarded: not if it frames the message, says what the
// gateway decodes, is the gateway's own or holds a credential in any dialect.
bool MayForward(std::string_view name);

// The names in a comma list, in lower case; empty ones are left out.
std::vector<std::string> ForwardList(std::string_view list);

}  // namespace portolan::routing
