// The header that explains a call: bounded, and what it loses first.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "server/core/explain.h"
#include "tests/unit/core/test_call.h"

namespace portolan::core {
namespace {

using nlohmann::json;

constexpr size_t kMost = 4096;

// A fallback over `targets` targets with a key, of which `failed` fail.
json Told(int targets, int failed) {
  v1::RouteConfig config;
  config.mutable_strategy()->set_mode(v1::STRATEGY_MODE_FALLBACK);
  for (int i = 0; i < targets; ++i) {
    config.add_targets()->set_provider("openai");
    config.mutable_targets(i)->set_api_key("sk-secret");
  }
  TestCall call(R"({"model":"m"})", config);
  call->engine->Explain();
  call->engine->Start();
  for (int i = 0; i < failed; ++i) {
    routing::Outcome outcome;
    outcome.status = 500 + i % 100;
    call->engine->Next(outcome, net::TimePoint(), net::kNever);
  }
  const std::string header = ExplanationHeader(*call);
  EXPECT_LE(header.size(), kMost);
  EXPECT_EQ(header.find("sk-secret"), std::string::npos);
  for (const char c : header) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << header;
  return json::parse(header);
}

TEST(ExplanationHeader, TellsAllWhereItFits) {
  const json told = Told(3, 1);
  EXPECT_EQ(told["chosen"], "config.targets[1]") << told;
  ASSERT_EQ(told["candidates"].size(), 3u) << told;
  EXPECT_EQ(told["candidates"][2]["provider"], "openai");
  EXPECT_EQ(told["candidates"][2]["model"], "m");
  EXPECT_FALSE(told["decisions"].empty());
}

TEST(ExplanationHeader, LosesItsCandidatesFirst) {
  const json few = Told(3, 1);
  const json told = Told(100, 1);
  EXPECT_EQ(told["chosen"], "config.targets[1]");
  EXPECT_FALSE(told.contains("candidates")) << told;
  EXPECT_EQ(told["decisions"].size(), few["decisions"].size()) << "none is lost";
}

TEST(ExplanationHeader, LosesTheOldestDecisionsThen) {
  const json told = Told(200, 150);
  EXPECT_EQ(told["chosen"], "config.targets[150]");
  EXPECT_FALSE(told.contains("candidates"));
  ASSERT_FALSE(told["decisions"].empty());
  EXPECT_LT(told["decisions"].size(), 150u);
  EXPECT_GT(told.dump().size(), kMost / 2) << "more is lost than must be";
  EXPECT_NE(told["decisions"].back().dump().find("549"), std::string::npos)
      << "the last is told: " << told["decisions"].back();
}

}  // namespace
}  // namespace portolan::core
