// Schemas and values from a hostile world. The input is a schema and a value, with a zero byte between.
// Properties: what is no schema is named; nothing takes long; `not` inverts, and lists of one change nothing.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "server/guardrails/json_schema.h"

namespace {

using portolan::guardrails::JsonSchema;
using portolan::guardrails::ParseJson;
using Outcome = JsonSchema::Outcome;

void Require(bool holds) {
  if (!holds) std::abort();
}

// As it comes out within `outer`; kTooCostly also where that is no schema, by what it is limited to.
Outcome Within(const nlohmann::json& outer, const nlohmann::json& value) {
  std::string path;
  std::string problem;
  const auto schema = JsonSchema::Compile(outer, &path, &problem);
  return schema == nullptr ? Outcome::kTooCostly : schema->Evaluate(value).outcome;
}

void RequireSame(Outcome a, Outcome b) {
  Require(a == b || a == Outcome::kTooCostly || b == Outcome::kTooCostly);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t zero = input.find('\0');
  if (zero == std::string_view::npos) return 0;
  const auto json = ParseJson(input.substr(0, zero));
  const auto value = ParseJson(input.substr(zero + 1));
  if (!json || !value) return 0;
  std::string path;
  std::string problem;
  const auto schema = JsonSchema::Compile(*json, &path, &problem);
  Require((schema == nullptr) == !problem.empty());
  if (schema == nullptr) return 0;
  const JsonSchema::Result result = schema->Evaluate(*value);
  Require((result.outcome == Outcome::kFits) == result.keyword.empty() ||
          result.outcome == Outcome::kTooCostly);
  // References mean something else within another schema.
  if (input.find('$') != std::string_view::npos || input.find('\\') != std::string_view::npos) return 0;
  for (const char* list : {"allOf", "anyOf", "oneOf"}) {
    RequireSame(Within({{list, {*json}}}, *value), result.outcome);
  }
  RequireSame(Within({{"not", {{"not", *json}}}}, *value), result.outcome);
  const Outcome inverse = Within({{"not", *json}}, *value);
  Require(inverse != result.outcome || inverse == Outcome::kTooCostly);
  return 0;
}
