#pragma once

// Configs of tests, compiled.

#include <memory>
#include <optional>
#include <string_view>

#include "server/base/error.h"
#include "server/codec/codec.h"
#include "server/guardrails/hooks.h"
#include "server/routing/plan.h"

namespace portolan::routing {

// With the plan of v1::RouteConfig.
const codec::Codec& TestCodec();

// As a header would bring it.
std::optional<Error> Compile(std::string_view json, std::shared_ptr<const RoutePlan>* out);
// At a gateway that has these guardrails.
std::optional<Error> Compile(std::string_view json, const guardrails::NamedGuardrails& guardrails,
                             std::shared_ptr<const RoutePlan>* out);

// A plan of a config that is known to be good; a test failure and an open route if it is not.
std::shared_ptr<const RoutePlan> Compiled(std::string_view json);

}  // namespace portolan::routing
