#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/config/options.h"

namespace portolan::config {

// True if only this machine can reach the address to listen on: `localhost`, 127.0.0.0/8, ::1. False for what
// ParseListenAddress does not take.
bool IsLoopbackAddress(std::string_view text);

// Fails if the gateway must not start like this, with the setting that helps in the message. `provider_keys`
// has the names under which provider keys are held (`OPENAI_API_KEY`); `asks_callers` says whether callers
// need a key.
//
// Refused are:
//
//   - a data listener (HTTP, gRPC) that other machines can reach, while provider keys are held and callers
//     need no key: anybody who reaches it could spend the keys. --allow-unauthenticated permits it;
//   - an admin listener that other machines can reach without an admin key.
absl::Status CheckExposure(const ServeOptions& options, std::span<const std::string> provider_keys,
                           bool asks_callers);

}  // namespace portolan::config
