#pragma once

// What the gateway itself reads from a request. Internal to core/.

#include <optional>
#include <string>

#include "portolan/v1/call_options.pb.h"
#include "server/base/error.h"
#include "server/core/call_state.h"

namespace portolan::core {

// What the gateway itself reads from a request.
struct RequestFacts {
  std::string model;
  bool stream = false;
  bool include_usage = false;
  bool has_own_member = false;  // the request has `portolan`, even if null
  std::optional<v1::CallOptions> options;
};

// Reads them from the call's payload, whichever form that has. A 400 where the field `portolan` is wrong.
std::optional<Error> ReadFacts(const CallState& call, RequestFacts* out);

// Adds `include_usage` to the `stream_options` that the current attempt sends, which keep their other
// members. False, with nothing added, if the route's own parameters already ask for the usage.
bool AskForUsage(CallState& call);
// Whether the request as the target will see it asks for a stream's usage: the caller does, or the route.
bool UsageIsAskedFor(const CallState& call);

}  // namespace portolan::core
