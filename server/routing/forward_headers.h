#pragma once

// Headers of the request that go to a provider as they are, because the caller or a config names them.

#include <string>
#include <string_view>
#include <vector>

namespace portolan::routing {

// Whether a header of this name, in lower case, may be forwarded. Not if it frames the message, describes an
// encoding that the gateway takes off, is the gateway's own, or carries a credential in any dialect.
bool MayForward(std::string_view name);

// Whether a provider of the operator's may be sent its key in a header of this name, in lower case. Not if
// the gateway writes it itself, or if it has a form of its own (`authorization`, `cookie`).
bool MayHoldKey(std::string_view name);

// The names in a comma list, in lower case, without empty ones.
std::vector<std::string> ForwardList(std::string_view list);

}  // namespace portolan::routing
