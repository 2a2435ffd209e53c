#pragma once

// Gives a call its plan. Internal to core/.

#include <memory>
#include <optional>

#include "server/base/error.h"
#include "server/core/call_state.h"
#include "server/core/request_facts.h"
#include "server/routing/plan_cache.h"

namespace portolan::core {

// Gives the call the plan that DecideRoute names, and checks that its caller may use it. Fails with 400 for a
// config that is no good or a name that no route has, 403 where the caller may not use the route or the
// model.
std::optional<Error> ChoosePlan(CallState& call, const RequestFacts& facts, routing::PlanCache& plans,
                                const std::shared_ptr<const routing::RoutePlan>& open_route);

// Fails with 403 if the caller may not use the model that the current attempt asks for, which a config of the
// caller's own can name too. Models that the operator's routes set are not checked.
std::optional<Error> CheckAttemptModel(const CallState& call);

}  // namespace portolan::core
