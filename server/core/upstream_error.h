#pragma once

// What ends a call or an attempt from outside of the answer: connections, clocks, callers who leave.
// Internal to core/.

#include <string_view>

#include "server/base/error.h"
#include "server/core/call_state.h"
#include "server/net/cancel.h"
#include "server/upstream/client.h"

namespace portolan::core {

// What a failed exchange means to the caller. `wait`: what its last step was given; it tells which clock a
// kDeadline is of.
Error ToError(const CallState& call, const upstream::Failure& failure, net::Wait wait);

// The clock that ran out at `deadline`, which is the call's or the attempt's. `doing`: what was under way
// (`waiting for the answer of host:443`). 408: request_timeout, the caller's fault, if the caller set the
// limit; else target_timeout, the gateway's.
Error OutOfTime(const CallState& call, net::TimePoint deadline, std::string_view doing);

// A call whose scope was cancelled: by its caller's deadline (see OutOfTime); 499, which is logged and never
// sent, because the caller went away; else 503.
Error CancelledError(const CallState& call, std::string_view doing);

}  // namespace portolan::core
