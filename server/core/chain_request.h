#pragma once

// Requests on their way through middleware. Internal to core/.

#include <optional>

#include "server/core/call_chain.h"
#include "server/core/call_state.h"

namespace portolan::core {

// What came of asking.
struct AskedRequest {
  std::optional<Error> error;
  bool answered = false;  // the caller has had an answer
};

// Asks about the request as it came, which has its plan. *body is what is left of it.
net::Task<AskedRequest> AskAboutRequest(CallState& call, ChainBody* body);

// An attempt at `node` begins. True if the call has middleware.
inline bool BeginsChain(CallState& call, const routing::RouteNode& node) {
  if (call.chain == nullptr) return false;
  call.chain->BeginAttempt(node);
  return true;
}
// Whether any of it is to be asked about the attempt.
bool AsksAboutAttempt(const CallState& call);
// Asks about the request as the attempt's target is to see it. What changes is an edit of this attempt alone.
net::Task<AskedRequest> AskAboutAttempt(CallState& call);

}  // namespace portolan::core
