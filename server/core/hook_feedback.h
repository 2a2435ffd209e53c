#pragma once

// What `on_fail` and `on_success` of a guardrail come to. Internal to core/.

#include <nlohmann/json.hpp>

#include "server/guardrails/guardrail.h"

namespace portolan::core {

// What the config says of such a verdict (`on_fail`, `on_success`), with what led to it; null: nothing.
nlohmann::json Feedback(const guardrails::Guardrail& guardrail, const guardrails::GuardrailResult& result);

}  // namespace portolan::core
