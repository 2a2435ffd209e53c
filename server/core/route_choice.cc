#include "server/core/route_choice.h"

#include <utility>

#include "server/core/route_decision.h"

namespace portolan::core {

std::optional<Error> ChoosePlan(CallState& call, const RequestFacts& facts, routing::PlanCache& plans,
                                const std::shared_ptr<const routing::RoutePlan>& open_route) {
  const v1::CallOptions* const options = facts.options ? &*facts.options : nullptr;
  const RouteWish wish{
      .operation = call.operation.name,
      .typed_config = options != nullptr && options->has_config(),
      .header_config = call.headers.config,
      .names_provider = !call.headers.provider.empty() || (options != nullptr && options->has_provider()),
      .names_host = !call.headers.custom_host.empty() || (options != nullptr && options->has_custom_host()),
      .model = facts.model};
  RouteDecision decision = DecideRoute(wish, call.snapshot->routes, *call.snapshot->registry);
  std::optional<Error> error = CheckNamed(wish, decision);
  call.plan = open_route;
  call.asks_gateway = decision.asks_gateway;
  switch (decision.source) {
    case PlanSource::kTypedConfig:
      error = plans.FromMessage(options->config(), &call.plan);
      break;
    case PlanSource::kHeaderConfig:
      error = plans.FromText(wish.header_config, &call.plan);
      break;
    case PlanSource::kNamedRoute:
      if (decision.route.plan == nullptr) break;
      call.plan = std::move(decision.route.plan);
      call.named_route = decision.route.name;
      call.named_reason = decision.reason;
      break;
    case PlanSource::kOpenRoute:
      break;
  }
  if (error) return error;
  call.has_config = call.plan != open_route;
  if (call.headers.has_default_guardrails()) {
    error = plans.hooks().FromHeaders(call.headers, &call.header_hooks);
    if (error) return error;
  }
  if (call.credentials.caller == nullptr) return std::nullopt;
  // What a call is asked for elsewhere depends on its target: see CheckAttemptModel.
  return CheckCaller(*call.credentials.caller, wish, call.named_route, call.plan->from_operator);
}

std::optional<Error> CheckAttemptModel(const CallState& call) {
  const routing::Caller* caller = call.credentials.caller;
  if (caller == nullptr || call.plan->from_operator || call.route.model.empty()) return std::nullopt;
  return CheckModel(*caller, call.route.target.provider->name, call.route.model);
}

}  // namespace portolan::core
