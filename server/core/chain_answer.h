#pragma once

// Answers that middleware have made, in the form that the call asks for. Internal to core/.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/call_chain.h"
#include "server/core/call_state.h"
#include "server/core/stream_pipeline.h"

namespace portolan::core {

// Answers the call with what the middleware of links()[place] says, through those before it. Returns what is
// wrong with it, and then the caller has had nothing; empty: the call is answered.
net::Task<std::string> ReplySaid(CallState& call, size_t place, middleware::Body said);

// The stream that says the same as a whole answer: events of the door for REST, each one text, chunks of the
// hub in wire format for gRPC. False if the answer cannot be one.
bool SplitForDoor(CallState& call, ChainBody& answer, std::vector<std::string>* units);

// The reverse: what `stream`, all of what the caller would have had, comes to, in *answer. False if it cannot
// be told.
bool JoinForDoor(CallState& call, const std::vector<std::string>& units, ChainBody* answer);

}  // namespace portolan::core
