#pragma once

#include "server/base/error.h"
#include "server/net/cancel.h"
#include "server/upstream/client.h"

namespace portolan::core {

// What a failed exchange means to the caller. What a cancelled one means is in `scope`, the call's own.
Error ToError(const upstream::Failure& failure, const net::CancelScope* scope);

// A call that was cancelled: 499, which is logged, never sent, if the caller went away; else 503.
Error CancelledError(net::CancelReason reason);

}  // namespace portolan::core
