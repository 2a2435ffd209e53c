#pragma once

#include <span>
#include <string>

#include "absl/status/status.h"
#include "server/config/options.h"

namespace portolan::config {

// May the gateway start like this? `provider_keys` names where provider keys are held (`OPENAI_API_KEY`);
// `asks_callers` says whether callers need a key.
// Refused, with the line that helps in the message:
// - a data listener (HTTP, gRPC) that other machines can reach while provider keys are held and callers need
// no key,
//   unless the operator said so (--allow-unauthenticated): whoever reaches it could spend the keys;
// - an admin listener that other machines can reach without an admin key.
absl::Status CheckExposure(const ServeOptions& options, std::span<const std::string> provider_keys,
                           bool asks_callers);

}  // namespace portolan::config
