#pragma once

// Explains where a call goes and why, from the plan and an engine that has begun to walk it. Pure.

#include <string_view>

#include "server/routing/engine.h"
#include "server/routing/plan.h"
#include "server/routing/route.h"

namespace portolan::v1 {
class Explanation;
}

namespace portolan::routing {

// Whose key goes to a target: `config`, `gateway`, `caller`, or `none`. `spec` is what `target` was resolved
// from.
std::string_view KeySource(const TargetSpec& spec, const providers::Target& target);

// Fills in every candidate of the plan as it would be called for this request, which of them the engine is
// at, and the decisions that it recorded. No key gets into *out.
// REQUIRES: engine.Explain() was called before engine.Start(), and *out is empty.
void ExplainRoute(const RoutePolicy& policy, const RouteRequest& request, const RoutePlan& plan,
                  const Engine& engine, v1::Explanation* out);

}  // namespace portolan::routing
