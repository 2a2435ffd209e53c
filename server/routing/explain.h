#pragma once

// Explains where a call goes and why, from the plan and an engine that has begun to walk it. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "server/guardrails/hooks.h"
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

// What looks at every attempt of a call, whatever its target.
struct CallWideHooks {
  // Names of middleware, outermost first, that stand before those of the route.
  std::vector<std::string> middleware;
  // Guardrails behind those of the target, in their order; null: none. Those of the call's headers are told
  // by their place there (`headers.input[0]`) where they have no name.
  const guardrails::Hooks* headers = nullptr;
  const guardrails::Hooks* caller = nullptr;
  const guardrails::Hooks* gateway = nullptr;
};

// Fills in every candidate of the plan as it would be called for this request, which of them the engine is
// at, and the decisions that it recorded. No key gets into *out.
// REQUIRES: engine.Explain() was called before engine.Start(), and *out is empty.
void ExplainRoute(const RoutePolicy& policy, const RouteRequest& request, const RoutePlan& plan,
                  const Engine& engine, const CallWideHooks& hooks, v1::Explanation* out);

}  // namespace portolan::routing
