#pragma once

// Internal to core/.

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
  bool has_own_member = false;  // `portolan`, if only a null
  std::optional<v1::CallOptions> options;
};

// Reads them from the call's payload, whichever form that has. A 400 where the field `portolan` is wrong.
std::optional<Error> ReadFacts(const CallState& call, RequestFacts* out);

// Adds `include_usage` to the `stream_options` that the attempt at hand sends, which keep their other
// members. False, and nothing is added, if the route's own parameters ask for the usage already.
bool AskForUsage(CallState& call);

}  // namespace portolan::core
