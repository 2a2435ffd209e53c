#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "providers/catalog.h"
#include "server/base/secret.h"
#include "server/codec/codec.h"
#include "server/core/snapshot.h"
#include "server/settings.h"

namespace portolan {

// A provider's key from the environment, and the variable that held it; below, all of them by provider.
struct EnvironmentProviderKey {
  std::string variable;
  Secret key;
};
using EnvironmentProviderKeys = std::map<std::string, EnvironmentProviderKey, std::less<>>;

// Makes of the settings what calls see of them. Fails with one line for the operator if a provider is
// unknown, a route does not compile, or anybody could spend the keys (config::CheckExposure).
absl::StatusOr<std::shared_ptr<const core::Snapshot>> BuildSnapshot(
    const Settings& settings, const EnvironmentProviderKeys& environment_keys,
    const providers::Catalog& catalog = providers::BuiltInCatalog());

}  // namespace portolan
