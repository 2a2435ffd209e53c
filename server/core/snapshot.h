#pragma once

// What the operator has set, as calls see it: made when the gateway starts and again when its config file
// changes. A call keeps the one it began with until it is over.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "providers/registry.h"
#include "server/base/secret.h"
#include "server/guardrails/hooks.h"
#include "server/middleware/settings.h"
#include "server/routing/credentials.h"
#include "server/routing/named_routes.h"
#include "server/routing/route.h"
#include "server/upstream/client.h"

namespace portolan::core {

// Immutable, thread-safe.
struct Snapshot {
  std::unique_ptr<const providers::Registry> registry;  // built-in providers and the operator's own
  std::map<std::string, Secret, std::less<>> provider_keys;
  routing::RoutePolicy routing;  // points into the two above
  routing::CallerKeys callers;
  guardrails::NamedGuardrails guardrails;                  // that configs and headers may name
  routing::NamedRoutes routes;                             // their plans point into `registry`
  std::shared_ptr<const guardrails::Hooks> default_hooks;  // run on every call; null: none
  middleware::SettingsList middleware;                     // the operator's
  routing::MiddlewareNames middleware_names;               // of these
  std::vector<std::string> default_middleware;             // names of these, of every call, outermost first
  upstream::Timeouts timeouts;
  bool count_streams = true;  // streams are asked for their usage, whether or not the caller wants to see it
};

}  // namespace portolan::core
