#include "server/core/hook_results.h"

#include "absl/time/time.h"
#include "server/base/json_text.h"

namespace portolan::core {
namespace {

using guardrails::CheckResult;
using guardrails::Guardrail;
using guardrails::Verdict;
using nlohmann::json;

std::string_view ToString(bool flag) { return flag ? "true" : "false"; }

std::string Spelled(int64_t unix_seconds) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixSeconds(unix_seconds), absl::UTCTimeZone());
}

// Why a check could not tell.
json ErrorOf(const CheckResult& check) {
  if (check.finding.verdict != Verdict::kError) return nullptr;
  const json& data = check.finding.data;
  const bool explained = data.is_object() && data.contains("explanation");
  return {{"name", "Error"}, {"message", explained ? data["explanation"] : json("it could not be told")}};
}

// What a guardrail and its checks have in common.
struct Run {
  std::string milliseconds;
  std::string created_at;
};

void AppendCheck(const CheckResult& check, bool tells, const Run& run, std::string* out) {
  out->append(R"({"data":)").append(tells ? ToLine(check.finding.data) : "null");
  out->append(R"(,"verdict":)").append(ToString(check.passes));
  out->append(R"(,"id":)");
  AppendJsonString(check.id, out);
  out->append(R"(,"error":)").append(ToLine(ErrorOf(check)));
  out->append(R"(,"execution_time":)").append(run.milliseconds);
  out->append(R"(,"transformed":)").append(ToString(check.transformed));
  out->append(R"(,"created_at":")").append(run.created_at);
  out->append(R"(","log":null,"fail_on_error":)");
  out->append(ToString(check.finding.verdict == Verdict::kError && !check.passes)).append("}");
}

void AppendId(const Guardrail& guardrail, std::string* out) {
  const std::string& id = guardrail.id.empty() ? guardrail.name : guardrail.id;
  if (id.empty()) {
    out->append("null");
  } else {
    AppendJsonString(id, out);
  }
}

}  // namespace

std::string ToLine(const json& value) {
  if (value.is_null()) return "null";
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// Written by hand, as it is done for each guardrail of each call, and a tree of JSON costs five times as
// much.
void AppendResult(const ToldResult& told, std::string* list) {
  const Guardrail& guardrail = told.guardrail;
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(told.took).count();
  const Run run{std::to_string(milliseconds), Spelled(told.unix_seconds)};
  const bool tells = guardrail.name.empty() || guardrail.reveal;
  if (!list->empty()) *list += ',';
  list->append(R"({"verdict":)").append(ToString(told.result.passes));
  list->append(R"(,"id":)");
  AppendId(guardrail, list);
  list->append(R"(,"transformed":)").append(ToString(told.result.transformed));
  list->append(R"(,"checks":[)");
  for (const CheckResult& check : told.result.checks) {
    if (&check != &told.result.checks.front()) *list += ',';
    AppendCheck(check, tells, run, list);
  }
  list->append(R"(],"feedback":)").append(ToLine(told.feedback));
  list->append(R"(,"execution_time":)").append(run.milliseconds);
  list->append(R"(,"async":)").append(ToString(guardrail.async));
  list->append(R"(,"type":)").append(guardrail.mutator ? R"("mutator")" : R"("guardrail")");
  list->append(R"(,"created_at":")").append(run.created_at);
  list->append(R"(","deny":)").append(ToString(guardrail.deny)).append("}");
}

}  // namespace portolan::core
