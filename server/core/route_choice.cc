#include "server/core/route_choice.h"

#include <algorithm>
#include <utility>

#include "server/base/json_text.h"

namespace portolan::core {
namespace {

using routing::NamedRoutes;

Error Forbidden(std::string code, std::string message, std::string param) {
  Error error = Error::InvalidRequest(std::move(code), std::move(message), std::move(param));
  error.error_class = ErrorClass::kPolicy;
  error.http_status = 403;
  return error;
}

// What the config header holds if it is not a config itself.
bool IsRouteName(std::string_view text) {
  constexpr size_t kMaxBytes = 128;
  return text.size() <= kMaxBytes && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
         });
}

bool NamesProvider(const CallState& call, const RequestFacts& facts) {
  const bool typed = facts.options && (facts.options->has_provider() || facts.options->has_custom_host());
  return typed || !call.headers.provider.empty() || !call.headers.custom_host.empty();
}

bool HasProviderPrefix(const CallState& call, const std::string& model) {
  const size_t slash = model.find('/');
  return slash != std::string::npos &&
         call.snapshot->registry->Find(std::string_view(model).substr(0, slash)) != nullptr;
}

void Take(CallState& call, const NamedRoutes::Named& named, std::string_view reason) {
  call.plan = named.plan;
  call.named_route = named.name;
  call.named_reason = reason;
}

std::optional<Error> TakeNamed(CallState& call, const RequestFacts& facts) {
  const NamedRoutes::Named named = call.snapshot->routes.Find(call.headers.config);
  if (named.plan == nullptr) {
    return Error::InvalidRequest(
        "invalid_config",
        // Not quoted: it may be a key that somebody put there.
        "config: there is no route of this name; send the name of a route, or send the "
        "config as JSON",
        "x-portolan-config");
  }
  Take(call, named, "named by x-portolan-config");
  const bool host = !call.headers.custom_host.empty() || (facts.options && facts.options->has_custom_host());
  if (!host) return std::nullopt;
  return Error::InvalidRequest(
      "invalid_custom_host",
      "x-portolan-custom-host: the route " + JsonString(named.name) + " says itself where its calls go",
      "x-portolan-custom-host");
}

// Where the request says nothing of its route but the model.
void TakeByModel(CallState& call, const RequestFacts& facts) {
  const NamedRoutes& routes = call.snapshot->routes;
  call.asks_gateway = call.operation.operation == providers::Operation::kListModels;
  if (call.asks_gateway) return;
  if (NamedRoutes::Named alias = routes.ForModel(facts.model); alias.plan != nullptr) {
    Take(call, alias, "the model is its alias");
    call.asks_gateway = call.operation.operation == providers::Operation::kGetModel;
    return;
  }
  if (HasProviderPrefix(call, facts.model)) return;
  if (NamedRoutes::Named named = routes.Default(); named.plan != nullptr)
    Take(call, named, "the default route");
}

std::optional<Error> CheckCaller(const CallState& call, const RequestFacts& facts) {
  const routing::Caller* caller = call.credentials.caller;
  if (caller == nullptr) return std::nullopt;
  const bool listing = call.operation.operation == providers::Operation::kListModels;
  if (!listing && !caller->MayUseRoute(call.named_route)) {
    return Forbidden("route_not_allowed",
                     call.named_route.empty()
                         ? "this caller may use certain routes of the gateway only, and the call is on none"
                         : "this caller may not use the route " + JsonString(call.named_route),
                     "x-portolan-config");
  }
  // What a call is asked for elsewhere depends on its target: see CheckAttemptModel.
  if (!call.plan->from_operator || facts.model.empty() || caller->MayUseModel(facts.model))
    return std::nullopt;
  return Forbidden("model_not_allowed", "this caller may not use the model " + JsonString(facts.model),
                   "model");
}

}  // namespace

std::optional<Error> ChoosePlan(CallState& call, const RequestFacts& facts, routing::PlanCache& plans,
                                const std::shared_ptr<const routing::RoutePlan>& open_route) {
  std::optional<Error> error;
  call.plan = open_route;
  const std::string_view config = call.headers.config;
  if (facts.options && facts.options->has_config()) {
    error = plans.FromMessage(facts.options->config(), &call.plan);
  } else if (!config.empty()) {
    error = IsRouteName(config) ? TakeNamed(call, facts) : plans.FromText(config, &call.plan);
  } else if (!NamesProvider(call, facts)) {
    TakeByModel(call, facts);
  }
  if (error) return error;
  call.has_config = call.plan != open_route;
  return CheckCaller(call, facts);
}

std::optional<Error> CheckAttemptModel(const CallState& call) {
  const routing::Caller* caller = call.credentials.caller;
  if (caller == nullptr || call.plan->from_operator || call.route.model.empty()) return std::nullopt;
  // As the caller may have written it: with the provider before it, or without.
  const std::string named = std::string(call.route.target.provider->name()) + "/" + call.route.model;
  if (caller->MayUseModel(call.route.model) || caller->MayUseModel(named)) return std::nullopt;
  return Forbidden("model_not_allowed", "this caller may not use the model " + JsonString(call.route.model),
                   "model");
}

}  // namespace portolan::core
