#pragma once

// Answers of calls that have guardrails. Internal to core/.

#include <memory>
#include <string_view>

#include "server/core/call_state.h"

namespace portolan::core {

// The status of a good answer after its guardrails: 246 if one of them failed that does not deny.
int GuardedStatus(const CallState& call);
// Whether the route goes on after that status: an attempt that has failed then.
std::optional<Error> RejectedStatus(const CallState& call);

// Answers with what the caller would have had without guardrails: to REST the JSON of the door's answer, to
// gRPC a message of the hub in wire format. `text` must stay valid. REQUIRES: call.hooks is set.
net::Task<Attempted> ReplyGuarded(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                                  std::string_view text);
// The same for an answer in the hub's words.
net::Task<Attempted> ReplyGuarded(CallState& call, std::unique_ptr<upstream::Exchange> exchange,
                                  const google::protobuf::Message& answer);

// Notes that guardrails have made an attempt fail.
Attempted FailGuarded(CallState& call, Error error, std::unique_ptr<upstream::Exchange> exchange);

// Whether the answer to a relayed call is to be looked at.
bool GuardsRaw(const CallState& call, const upstream::Exchange& exchange);
// Answers such a call. JSON and text are held whole and looked at as one text; nothing else can be.
net::Task<Attempted> ReplyGuardedRaw(CallState& call, std::unique_ptr<upstream::Exchange> exchange);

}  // namespace portolan::core
