#pragma once

// Which headers pass through the gateway. The tables are allow-lists: a header that is not named here goes no
// further. docs/headers.md repeats them.

#include <span>
#include <string_view>

#include "server/base/header.h"

namespace portolan::core {

// Whether a caller's header goes to the provider as it is. Credentials and provider options get there by
// other ways.
bool PassesUpstream(std::string_view lower_name);

// Whether a provider's header goes down to the caller as it is.
bool PassesDownstream(std::string_view lower_name);

// The same for calls that are relayed, besides: what tells of their bodies, and of the parts of an answer
// that are wanted.
bool RelaysUpstream(std::string_view lower_name);
bool RelaysDownstream(std::string_view lower_name);

// True if a Connection header among `headers` names this one: it is for the next hop and goes no further (RFC
// 9110, section 7.6.1), allowed or not.
bool IsHopByHop(std::span<const HeaderView> headers, std::string_view lower_name);

// Whether it is `x-request-id` or `request-id`, which go down under a name of their own, since x-request-id
// is the gateway's.
bool IsUpstreamRequestId(std::string_view lower_name);

}  // namespace portolan::core
