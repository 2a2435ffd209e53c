#pragma once

// Explains calls, either instead of performing them or along with it. Internal to core/.

#include <optional>
#include <string>

#include "server/base/error.h"
#include "server/core/call_state.h"
#include "server/core/operations.h"

namespace portolan::core {

// Takes the request to be explained out of the Explain rpc's request, and makes *inbound a call of its
// operation. Returns a 400 if there is no such request, or its operation is not routed.
std::optional<Error> UnwrapExplain(const Operations& operations, Inbound* inbound);

// Answers with where the call would go. REQUIRES: the call is prepared, its engine not started.
net::Task<void> ReplyExplanation(CallState& call);

// The explanation so far as JSON fit for a header, bounded: with all candidates, without them, or with the
// last decisions only.
std::string ExplanationHeader(const CallState& call);

}  // namespace portolan::core
