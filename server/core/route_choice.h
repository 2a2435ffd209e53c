#pragma once

// Internal to core/.

#include <memory>
#include <optional>

#include "server/base/error.h"
#include "server/core/call_state.h"
#include "server/core/request_facts.h"
#include "server/routing/plan_cache.h"

namespace portolan::core {

// Chooses the call's plan and checks that its caller may use it. In this order: the typed config; that of the
// header, by value or by the name of a route; `open_route` where the request names a provider or a host; the
// route that the model is an alias of; `open_route` where the model begins with a provider's name; the
// default route; `open_route`. Fails with 400 for a config that is no good or a name that no route has, 403
// where the caller may not use the route or the model.
std::optional<Error> ChoosePlan(CallState& call, const RequestFacts& facts, routing::PlanCache& plans,
                                const std::shared_ptr<const routing::RoutePlan>& open_route);

// Fails with 403 if the caller may not use the model that the current attempt asks for, which a config of the
// caller's own can name too. Models that the operator's routes set are not checked.
std::optional<Error> CheckAttemptModel(const CallState& call);

}  // namespace portolan::core
