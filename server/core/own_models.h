#pragma once

// The models that the gateway has itself: aliases of its config file, and what its routes are fixed to.
// Internal to core/.

#include "server/core/call_state.h"

namespace portolan::core {

// Adds them to the list, a v1::ModelList, and takes out what the caller may not use.
void CompleteModelList(const CallState& call, google::protobuf::Message* list);

// Answers with one of them. REQUIRES: the call asks for a model that is an alias.
net::Task<void> ReplyOwnModel(CallState& call);

}  // namespace portolan::core
