#pragma once

// A request in the words of the target's provider. Internal to core/.

#include <optional>

#include "server/core/call_state.h"

namespace portolan::core {

// The request in the hub's words, with the route's edits. It lives as long as the payload's messages, or the
// call's arena.
std::optional<Error> HubRequest(CallState& call, const google::protobuf::Message** out);

// Sets call.request_body to the request in the provider's words, by way of the hub's.
// REQUIRES: the way is kMap.
std::optional<Error> Translate(CallState& call);

// The same, of a request that is in the hub's words.
// REQUIRES: the form has a mapping. call.request_text is empty.
std::optional<Error> TranslateHub(CallState& call, const google::protobuf::Message& request);

// Changes in call.request_body what the provider's row says has to be otherwise.
std::optional<Error> FitToProvider(CallState& call);

}  // namespace portolan::core
