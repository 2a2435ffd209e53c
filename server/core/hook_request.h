#pragma once

// The guardrails of a request, before it is sent. Internal to core/.

#include <optional>

#include "server/core/call_state.h"

namespace portolan::core {

// Whether anything is to be run on calls to this target.
inline bool HasHooks(const CallState& call, const routing::RouteNode& node) {
  const routing::Caller* const caller = call.credentials.caller;
  return node.target.hooks != nullptr || call.header_hooks != nullptr ||
         call.snapshot->default_hooks != nullptr || (caller != nullptr && caller->hooks != nullptr);
}

// Runs the guardrails of a request as the attempt's target is to see it. What they change is an edit of this
// attempt alone. An error if they deny it, if it is none that this target takes, or if the call ends while
// one of them asks.
net::Task<std::optional<Error>> GuardRequest(CallState& call, const routing::RouteNode& node);

}  // namespace portolan::core
