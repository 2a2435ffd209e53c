#pragma once

// Calls that nobody translates: any method and path that no other operation has. What is read of them is what
// routing needs; the rest passes as it comes, both ways. Internal to core/.

#include <memory>
#include <optional>

#include "server/core/call_state.h"
#include "server/core/request_facts.h"

namespace portolan::core {

// Takes the call's body: all of it if that is JSON, which may then be edited and sent several times, else
// what comes first. *facts is what the gateway reads of the call. An error is for the caller.
net::Task<std::optional<Error>> TakeRelayed(CallState& call, RequestFacts* facts);

// Whether a caller who may use certain models alone may make this call. It names its model where the gateway
// can see it, or it runs none.
std::optional<Error> CheckRelayedModel(const CallState& call, const RequestFacts& facts);

// Puts the body of an attempt into `call.request_body`, with the route's edits, unless it is streamed.
net::Task<std::optional<Error>> PrepareRelayed(CallState& call);

// Passes the upstream's answer on as it comes.
net::Task<Attempted> PassRaw(CallState& call, std::unique_ptr<upstream::Exchange> exchange);

// Answers from the upstream's answer, whose head is there.
net::Task<Attempted> ReplyRaw(CallState& call, std::unique_ptr<upstream::Exchange> exchange);

}  // namespace portolan::core
