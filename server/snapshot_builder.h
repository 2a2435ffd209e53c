#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/secret.h"
#include "server/codec/codec.h"
#include "server/core/snapshot.h"
#include "server/settings.h"

namespace portolan {

// The providers' keys that the environment holds, by provider, with the variable that each came from.
struct EnvironmentProviderKey {
  std::string variable;
  Secret key;
};
using EnvironmentProviderKeys = std::map<std::string, EnvironmentProviderKey, std::less<>>;

// Makes what calls see of the settings. Fails with one line for the operator: an unknown provider, a route
// that does not compile, or keys that anybody could spend (config::CheckExposure).
absl::StatusOr<std::shared_ptr<const core::Snapshot>> BuildSnapshot(
    const Settings& settings, const EnvironmentProviderKeys& environment_keys);

}  // namespace portolan
