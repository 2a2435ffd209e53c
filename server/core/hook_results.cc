#include "server/core/hook_results.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/json_text.h"

namespace portolan::core {
namespace {

using guardrails::CheckResult;
using guardrails::Guardrail;
using guardrails::Verdict;
using nlohmann::json;

const char* ToString(bool flag) { return flag ? "true" : "false"; }

// As JavaScript's toISOString().
std::string Spelled(int64_t unix_seconds) {
  const std::chrono::sys_seconds at{std::chrono::seconds(unix_seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  std::string out = "0000-00-00T00:00:00.000Z";
  const auto put = [&out](size_t end, int64_t value) {
    for (; value > 0; value /= 10) out[--end] = static_cast<char>('0' + value % 10);
  };
  put(4, int{date.year()});
  put(7, unsigned{date.month()});
  put(10, unsigned{date.day()});
  put(13, time.hours().count());
  put(16, time.minutes().count());
  put(19, time.seconds().count());
  return out;
}

// Why a check could not tell.
json ErrorOf(const CheckResult& check) {
  if (check.finding.verdict != Verdict::kError) return nullptr;
  const json& data = check.finding.data;
  const bool explained = data.is_object() && data.contains("explanation");
  return {{"name", "Error"}, {"message", explained ? data["explanation"] : json("it could not be told")}};
}

// As dump() does it, whose making alone costs more than what is mostly told: an explanation.
void AppendJson(const json& value, std::string* out) {
  if (value.is_string()) return AppendJsonString(value.get_ref<const std::string&>(), out);
  if (value.is_null()) return absl::StrAppend(out, "null");
  if (!value.is_object()) return absl::StrAppend(out, ToLine(value));
  char before = '{';
  for (const auto& [name, member] : value.items()) {
    *out += std::exchange(before, ',');
    AppendJsonString(name, out);
    *out += ':';
    AppendJson(member, out);
  }
  absl::StrAppend(out, before == '{' ? "{}" : "}");
}

// What a guardrail and its checks have in common.
struct Run {
  std::string milliseconds;
  std::string created_at;
};

void AppendCheck(const CheckResult& check, bool tells, const Run& run, std::string* out) {
  const json nothing;
  absl::StrAppend(out, R"({"data":)");
  AppendJson(tells ? check.finding.data : nothing, out);
  absl::StrAppend(out, R"(,"verdict":)", ToString(check.passes), R"(,"id":)");
  AppendJsonString(check.id, out);
  absl::StrAppend(out, R"(,"error":)");
  AppendJson(ErrorOf(check), out);
  const bool fails = check.finding.verdict == Verdict::kError && !check.passes;
  absl::StrAppend(out, R"(,"execution_time":)", run.milliseconds, R"(,"transformed":)",
                  ToString(check.transformed));
  absl::StrAppend(out, R"(,"created_at":")", run.created_at, R"(","log":null,"fail_on_error":)",
                  ToString(fails), "}");
}

}  // namespace

std::string ToLine(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

// Written by hand, as it is done for each guardrail of each call, and a tree of JSON costs five times as
// much.
void AppendResult(const ToldResult& told, std::string* list) {
  constexpr size_t kUsual = 512;
  const Guardrail& guardrail = told.guardrail;
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(told.took).count();
  const Run run{std::to_string(milliseconds), Spelled(told.unix_seconds)};
  const bool tells = guardrail.name.empty() || guardrail.reveal;
  const std::string& id = guardrail.id.empty() ? guardrail.name : guardrail.id;
  if (list->empty()) list->reserve(kUsual);
  absl::StrAppend(list, list->empty() ? "" : ",", R"({"verdict":)", ToString(told.result.passes),
                  R"(,"id":)");
  if (id.empty()) {
    absl::StrAppend(list, "null");
  } else {
    AppendJsonString(id, list);
  }
  absl::StrAppend(list, R"(,"transformed":)", ToString(told.result.transformed), R"(,"checks":[)");
  for (const CheckResult& check : told.result.checks) {
    if (&check != &told.result.checks.front()) *list += ',';
    AppendCheck(check, tells, run, list);
  }
  absl::StrAppend(list, R"(],"feedback":)");
  AppendJson(told.feedback, list);
  absl::StrAppend(list, R"(,"execution_time":)", run.milliseconds, R"(,"async":)", ToString(guardrail.async));
  absl::StrAppend(list, R"(,"type":)", guardrail.mutator ? R"("mutator")" : R"("guardrail")");
  absl::StrAppend(list, R"(,"created_at":")", run.created_at, R"(","deny":)", ToString(guardrail.deny), "}");
}

}  // namespace portolan::core
