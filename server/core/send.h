#pragma once

// The last part of an attempt: its request goes to the target. Internal to core/.

#include "server/core/call_state.h"

namespace portolan::core {

// Sends the request that has been put together, when the target's auth has all it needs, and answers the call
// from what comes back.
net::Task<Attempted> Send(CallState& call, upstream::UrlCache& urls);

// An attempt that ended before anybody was called.
Attempted FailHere(CallState& call, Error error);
net::Task<Attempted> FailedAttempt(CallState& call, Error error);

}  // namespace portolan::core
