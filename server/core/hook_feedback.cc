#include "server/core/hook_feedback.h"

#include <string>
#include <utility>

namespace portolan::core {
namespace {

using guardrails::Guardrail;
using guardrails::GuardrailResult;
using guardrails::Verdict;
using nlohmann::json;

// The ids of those checks that came to a verdict.
std::string Ids(const GuardrailResult& result, Verdict verdict) {
  std::string ids;
  for (const guardrails::CheckResult& check : result.checks) {
    if (check.finding.verdict != verdict) continue;
    ids.append(ids.empty() ? "" : ", ").append(check.id);
  }
  return ids;
}

}  // namespace

json Feedback(const Guardrail& guardrail, const GuardrailResult& result) {
  const json& says = result.passes ? guardrail.on_success : guardrail.on_fail;
  if (!says.is_object() || !says.contains("feedback") || !says["feedback"].is_object()) return nullptr;
  const json& given = says["feedback"];
  json metadata = given.value("metadata", json::object());
  if (!metadata.is_object()) metadata = json::object();
  metadata["successfulChecks"] = Ids(result, Verdict::kPass);
  metadata["failedChecks"] = Ids(result, Verdict::kFail);
  metadata["erroredChecks"] = Ids(result, Verdict::kError);
  return {{"value", given.value("value", json())},
          {"weight", given.value("weight", json())},
          {"metadata", std::move(metadata)}};
}

}  // namespace portolan::core
