#include "server/core/route_decision.h"

#include <algorithm>
#include <string>
#include <utility>

#include "server/base/json_text.h"
#include "server/base/text.h"

namespace portolan::core {
namespace {

using routing::NamedRoutes;

Error Forbidden(std::string code, std::string message, std::string param) {
  Error error = Error::InvalidRequest(std::move(code), std::move(message), std::move(param));
  error.error_class = ErrorClass::kPolicy;
  error.http_status = 403;
  return error;
}

Error ModelNotAllowed(std::string_view model) {
  return Forbidden("model_not_allowed", "this caller may not use the model " + JsonString(model), "model");
}

// What the config header holds if it is not a config itself.
bool IsRouteName(std::string_view text) {
  constexpr size_t kMaxBytes = 128;
  return text.size() <= kMaxBytes && std::all_of(text.begin(), text.end(), [](char c) {
           return IsLetterOrDigit(c) || c == '.' || c == '_' || c == '-';
         });
}

bool HasProviderPrefix(std::string_view model, const providers::Registry& registry) {
  const size_t slash = model.find('/');
  return slash != std::string_view::npos && registry.Find(model.substr(0, slash)) != nullptr;
}

}  // namespace

RouteDecision DecideRoute(const RouteWish& wish, const NamedRoutes& routes,
                          const providers::Registry& registry) {
  if (wish.typed_config) return {.source = PlanSource::kTypedConfig};
  if (!wish.header_config.empty()) {
    if (!IsRouteName(wish.header_config)) return {.source = PlanSource::kHeaderConfig};
    return {.source = PlanSource::kNamedRoute,
            .route = routes.Find(wish.header_config),
            .reason = "named by x-portolan-config"};
  }
  if (wish.names_provider || wish.names_host) return {};
  if (wish.operation == providers::operation::kListModels) return {.asks_gateway = true};
  if (NamedRoutes::Named alias = routes.ForModel(wish.model); alias.plan != nullptr) {
    return {.source = PlanSource::kNamedRoute,
            .route = std::move(alias),
            .reason = "the model is its alias",
            .asks_gateway = wish.operation == providers::operation::kGetModel};
  }
  if (HasProviderPrefix(wish.model, registry)) return {};
  NamedRoutes::Named by_default = routes.Default();
  if (by_default.plan == nullptr) return {};
  return {.source = PlanSource::kNamedRoute, .route = std::move(by_default), .reason = "the default route"};
}

std::optional<Error> CheckNamed(const RouteWish& wish, const RouteDecision& decision) {
  if (decision.source != PlanSource::kNamedRoute) return std::nullopt;
  if (decision.route.plan == nullptr) {
    return Error::InvalidRequest(
        "invalid_config",
        // Not quoted: it may be a key that somebody put there.
        "config: there is no route of this name; send the name of a route, or send the "
        "config as JSON",
        "x-portolan-config");
  }
  if (!wish.names_host) return std::nullopt;
  return Error::InvalidRequest("invalid_custom_host",
                               "x-portolan-custom-host: the route " + JsonString(decision.route.name) +
                                   " says itself where its calls go",
                               "x-portolan-custom-host");
}

std::optional<Error> CheckCaller(const routing::Caller& caller, const RouteWish& wish, std::string_view route,
                                 bool from_operator) {
  if (wish.operation != providers::operation::kListModels && !caller.MayUseRoute(route)) {
    return Forbidden("route_not_allowed",
                     route.empty() ? "this caller may use certain routes of the gateway only, and the call "
                                     "is on none"
                                   : "this caller may not use the route " + JsonString(route),
                     "x-portolan-config");
  }
  if (!from_operator || wish.model.empty() || caller.MayUseModel(wish.model)) return std::nullopt;
  return ModelNotAllowed(wish.model);
}

std::optional<Error> CheckModel(const routing::Caller& caller, std::string_view provider,
                                std::string_view model) {
  if (caller.MayUseModel(model)) return std::nullopt;
  if (caller.MayUseModel(std::string(provider).append("/").append(model))) return std::nullopt;
  return ModelNotAllowed(model);
}

}  // namespace portolan::core
