// What is told of a guardrail, as JSON that is written by hand, against a reader and a clock of others.

#include "server/core/hook_results.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/time/time.h"

namespace portolan::core {
namespace {

using nlohmann::json;

json Told(const guardrails::Guardrail& guardrail, const guardrails::GuardrailResult& result,
          const json& feedback = nullptr, int64_t unix_seconds = 0) {
  std::string list;
  AppendResult({guardrail, result, feedback, std::chrono::milliseconds(7), unix_seconds}, &list);
  return json::parse("[" + list + "]")[0];
}

TEST(HookResults, AreJsonWhateverWasFound) {
  guardrails::Guardrail guardrail;
  guardrail.id = "a \"quoted\"\nid";
  guardrails::GuardrailResult result;
  const json data = {
      {"explanation", "tab\t, \u00e9"}, {"list", {1, 2.5, nullptr}}, {"empty", json::object()}};
  result.checks.push_back({"default.contains", {guardrails::Verdict::kFail, data}, true, false, false});
  result.passes = false;
  const json told = Told(guardrail, result, {{"value", -5}});
  EXPECT_EQ(told["id"], guardrail.id);
  EXPECT_EQ(told["verdict"], false);
  EXPECT_EQ(told["execution_time"], 7);
  EXPECT_EQ(told["feedback"], json({{"value", -5}}));
  EXPECT_EQ(told["checks"][0]["data"], data);
  EXPECT_EQ(told["checks"][0]["transformed"], true);
  EXPECT_EQ(told["checks"][0]["error"], nullptr);
  EXPECT_EQ(told["checks"][0]["fail_on_error"], false);
}

TEST(HookResults, BytesThatAreNoTextAreReplaced) {
  guardrails::GuardrailResult result;
  result.checks.push_back(
      {"x", {guardrails::Verdict::kError, {{"explanation", "\xff!"}}}, false, false, false});
  const json told = Told({}, result);
  EXPECT_EQ(told["id"], nullptr);
  EXPECT_EQ(told["checks"][0]["error"]["message"], "\xef\xbf\xbd!");
  EXPECT_EQ(told["checks"][0]["fail_on_error"], true);
}

TEST(HookResults, SayWhenAsOthersDo) {
  for (const int64_t seconds : {0LL, 951'782'399LL, 951'782'400LL, 1'796'003'221LL, 4'107'542'399LL}) {
    const std::string other =
        absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixSeconds(seconds), absl::UTCTimeZone());
    EXPECT_EQ(Told({}, {}, nullptr, seconds)["created_at"], other);
  }
}

}  // namespace
}  // namespace portolan::core
