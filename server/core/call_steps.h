#pragma once

// What the log tells of a call at level `debug`, step by step, while it runs: names, places, counts and
// durations; never the value of a header, a key, or anything of a prompt or an answer. Internal to core/.
//
// REQUIRES of all of these: call.tells_steps. Whoever calls them looks at that first, so that calls of which
// nothing is told pay nothing for it.

#include <chrono>

#include "server/core/call_state.h"

namespace portolan::core {

// `target`: where the next attempt goes, whose key it takes, and why it goes there. `node` is what the engine
// has chosen.
void TellTarget(CallState& call, const routing::RouteNode& node);

// `request`: what was changed of the request for this target, what the translation left out, and which
// headers of the caller's stay here (`goes_out`: it leaves the process).
void TellRequest(CallState& call, bool goes_out);

// `media`: what was fetched for the request's member `path`, in bytes as base64 (0: it could not be had).
void TellMedia(CallState& call, std::string_view path, size_t bytes, net::Duration waited);

// `connection`: whether it was a kept one, and what came of it.
void TellConnection(CallState& call, const upstream::Failure& failure);

// `answer_headers`: the provider's that the caller does not get.
void TellAnswerHeaders(CallState& call, const upstream::Exchange& exchange);

// `failed`: what the attempt came to. REQUIRES: call.failure.
void TellFailure(CallState& call);

// `wait`: before the next attempt.
void TellWait(CallState& call, std::chrono::milliseconds delay);

}  // namespace portolan::core
