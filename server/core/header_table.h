#pragma once

// Which headers cross the gateway. Both are allow-lists: what is not named here stays where it came from. The
// tables of docs/headers.md repeat them.

#include <span>
#include <string_view>

#include "server/base/header.h"

namespace portolan::core {

// A caller's header that goes to the provider as it is. Credentials and provider options travel by other
// ways.
bool PassesUpstream(std::string_view lower_name);

// A provider's header that goes down to the caller as it is.
bool PassesDownstream(std::string_view lower_name);

// True if a Connection header among `headers` names this one: it is for the next hop and goes no further (RFC
// 9110, section 7.6.1), allowed or not.
bool IsHopByHop(std::span<const HeaderView> headers, std::string_view lower_name);

// `x-request-id` or `request-id`: goes down under a name of its own, since x-request-id is the gateway's.
bool IsUpstreamRequestId(std::string_view lower_name);

}  // namespace portolan::core
