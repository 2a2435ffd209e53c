#pragma once

// Which plan a call follows, and whether its caller may: decided from values alone. Internal to core/;
// route_choice.h does what is decided here to a call.

#include <cstdint>
#include <optional>
#include <string_view>

#include "providers/registry.h"
#include "server/base/error.h"
#include "server/routing/credentials.h"
#include "server/routing/named_routes.h"

namespace portolan::core {

// What a request says of its route.
struct RouteWish {
  std::string_view operation = providers::operation::kChat;
  bool typed_config = false;            // in its field `portolan`
  std::string_view header_config = {};  // x-portolan-config: a route's name, or a config in JSON
  bool names_provider = false;
  bool names_host = false;
  std::string_view model = {};  // empty: none
};

enum class PlanSource : uint8_t {
  kTypedConfig,
  kHeaderConfig,
  kNamedRoute,  // of the operator's
  kOpenRoute,   // whatever the request itself says
};

struct RouteDecision {
  PlanSource source = PlanSource::kOpenRoute;
  routing::NamedRoutes::Named route = {};  // with kNamedRoute; without a plan: there is no route of this name
  std::string_view reason = {};            // with kNamedRoute: why this one. Static text
  bool asks_gateway = false;               // for the gateway's own models
};

// In this order: the typed config; that of the header, by value or by a route's name; the open route where
// the request names a provider or a host, or asks for the list of models; the route that the model is an
// alias of; the open route where the model begins with a provider's name and a slash; the default route; the
// open route.
RouteDecision DecideRoute(const RouteWish& wish, const routing::NamedRoutes& routes,
                          const providers::Registry& registry);

// The 400 for a route by name that there is not, or that is called together with a host: the route says
// itself where its calls go.
std::optional<Error> CheckNamed(const RouteWish& wish, const RouteDecision& decision);

// The 403 of a caller who may not use the route (`route`: its name, empty if it has none), or not ask the
// operator's route for the model. Lists of models are for everybody.
std::optional<Error> CheckCaller(const routing::Caller& caller, const RouteWish& wish, std::string_view route,
                                 bool from_operator);

// The 403 of a caller who may not have `model` of the provider: neither by its name, nor with that of the
// provider before it.
std::optional<Error> CheckModel(const routing::Caller& caller, std::string_view provider,
                                std::string_view model);

}  // namespace portolan::core
