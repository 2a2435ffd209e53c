#pragma once

// A request in the words of the target's provider. Internal to core/.

#include <optional>

#include "server/core/call_state.h"

namespace portolan::core {

// The request in the hub's words, with the route's edits. It lives as long as the payload's messages, or the
// call's arena.
std::optional<Error> HubRequest(CallState& call, const google::protobuf::Message** out);

// Sets call.request_body to a request of the hub's in the provider's words.
// REQUIRES: the form has a mapping.
std::optional<Error> TranslateHub(CallState& call, const google::protobuf::Message& request);

// The same, for a provider that speaks the hub's dialect itself: the request of a caller who does not.
std::optional<Error> TranslateToHub(CallState& call);

// Whether the provider is called in a way that is not its usual one (providers::OtherWay).
bool IsOtherWay(const CallState& call);

// Changes in call.request_body what the provider's row says has to be otherwise.
std::optional<Error> FitToProvider(CallState& call);

}  // namespace portolan::core
