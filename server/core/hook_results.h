#pragma once

// What guardrails have found, as callers read it: the JSON of Portkey's gateway
// (https://portkey.ai/docs/product/guardrails). Internal to core/.

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "server/guardrails/guardrail.h"

namespace portolan::core {

// What is told of one guardrail besides its checks.
struct ToldResult {
  const guardrails::Guardrail& guardrail;
  const guardrails::GuardrailResult& result;
  const nlohmann::json& feedback;  // as Feedback() says it
  std::chrono::nanoseconds took;
  int64_t unix_seconds;  // when it was run
};

// Appends one element of `before_request_hooks` or `after_request_hooks`, behind a comma if *list has one.
// What was found is null for guardrails of the operator's that do not reveal it.
void AppendResult(const ToldResult& told, std::string* list);

// Any JSON in one line. Bytes that are not UTF-8 become U+FFFD.
std::string ToLine(const nlohmann::json& value);

}  // namespace portolan::core
