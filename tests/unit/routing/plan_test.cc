#include "server/routing/plan.h"

#include <gtest/gtest.h>

#include "tests/unit/routing/compile.h"

namespace portolan::routing {
namespace {

using std::chrono::milliseconds;

TEST(CompileRoute, ReadsATarget) {
  const auto plan =
      Compiled(R"({"provider":"openai","api_key":"sk","custom_host":"http://h/v1","request_timeout":1500,)"
               R"("override_params":{"model":"m","temperature":0.50},"openai_project":"p",)"
               R"("retry":{"attempts":2},"cache":{"mode":"simple"}})");
  ASSERT_EQ(plan->targets.size(), 1u);
  const TargetSpec& target = plan->targets[0]->target;
  EXPECT_EQ(target.provider->name, "openai");
  EXPECT_EQ(target.api_key.Reveal(), "sk");
  EXPECT_EQ(target.custom_host, "http://h/v1");
  EXPECT_EQ(target.request_timeout, milliseconds(1500));
  ASSERT_EQ(target.override_params.size(), 2u);
  EXPECT_EQ(target.override_params[1].name, "temperature");
  EXPECT_EQ(target.override_params[1].json, "0.50");
  ASSERT_EQ(target.options.size(), 1u);
  EXPECT_EQ(target.options[0].first, "openai_project");
  EXPECT_EQ(target.retry.attempts, 2);
  EXPECT_EQ(plan->ignored, std::vector<std::string>{"cache"});
  EXPECT_EQ(plan->targets[0]->path, "config");
}

TEST(CompileRoute, ReadsThePublishedConfigsOfPortkey) {
  const auto fallback = Compiled(
      R"({"retry":{"count":5},"strategy":{"mode":"fallback"},"targets":[{"provider":"openai","api_key":"sk"},)"
      R"({"provider":"anthropic","api_key":"k","override_params":{"model":"claude-3"}}]})");
  EXPECT_EQ(fallback->root.kind, RouteNode::Kind::kFallback);
  ASSERT_EQ(fallback->targets.size(), 2u);
  EXPECT_EQ(fallback->targets[0]->target.retry.attempts, 5);
  EXPECT_EQ(fallback->targets[1]->target.retry.attempts, 5);
  EXPECT_EQ(fallback->targets[1]->path, "config.targets[1]");

  const auto balance = Compiled(
      R"({"strategy":{"mode":"loadbalance"},"targets":[{"provider":"openai","api_key":"a","weight":"0.5"},)"
      R"({"provider":"openai","api_key":"b","weight":"0.5"}]})");
  EXPECT_EQ(balance->root.kind, RouteNode::Kind::kLoadBalance);
  EXPECT_EQ(balance->root.weights, (std::vector<double>{0.5, 0.5}));
}

TEST(CompileRoute, ANodeWithoutAStrategyIsATargetIfItNamesAProvider) {
  const auto leaf = Compiled(R"({"provider":"openai","api_key":"k","targets":[{"provider":"anthropic"}]})");
  ASSERT_EQ(leaf->targets.size(), 1u);
  EXPECT_EQ(leaf->targets[0]->target.provider->name, "openai");
  EXPECT_EQ(leaf->ignored, std::vector<std::string>{"targets"});

  const auto one = Compiled(R"({"targets":[{"provider":"anthropic"}]})");
  EXPECT_EQ(one->targets[0]->path, "config.targets[0]");
}

TEST(CompileRoute, PassesOnWhatTargetsInherit) {
  const auto plan = Compiled(
      R"({"strategy":{"mode":"fallback"},"retry":{"attempts":1,"on_status_codes":[418]},"request_timeout":100,)"
      R"("custom_host":"http://a","forward_headers":["X-A"],"strict_open_ai_compliance":false,)"
      R"("override_params":{"a":1,"b":1},"api_key":"root",)"
      R"("targets":[{"provider":"openai"},)"
      R"({"provider":"openai","retry":{"attempts":3},"request_timeout":200,"custom_host":"http://b",)"
      R"("forward_headers":["x-b"],"strict_open_ai_compliance":true,"override_params":{"b":2}}]})");
  const TargetSpec& bare = plan->targets[0]->target;
  EXPECT_EQ(bare.retry.attempts, 1);
  EXPECT_TRUE(bare.retry.on_status_codes.Contains(418));
  EXPECT_FALSE(bare.retry.on_status_codes.Contains(429));
  EXPECT_EQ(bare.request_timeout, milliseconds(100));
  EXPECT_EQ(bare.custom_host, "http://a");
  EXPECT_EQ(bare.forward_headers, std::vector<std::string>{"x-a"});
  EXPECT_EQ(bare.strict_open_ai_compliance, false);
  EXPECT_TRUE(bare.api_key.empty());
  EXPECT_EQ(bare.override_params[1].json, "1");

  const TargetSpec& own = plan->targets[1]->target;
  EXPECT_EQ(own.retry.attempts, 3);
  EXPECT_FALSE(own.retry.on_status_codes.Contains(418));
  EXPECT_TRUE(own.retry.on_status_codes.Contains(429));
  EXPECT_EQ(own.request_timeout, milliseconds(200));
  EXPECT_EQ(own.custom_host, "http://b");
  EXPECT_EQ(own.forward_headers, std::vector<std::string>{"x-b"});
  EXPECT_EQ(own.strict_open_ai_compliance, true);
  ASSERT_EQ(own.override_params.size(), 2u);
  EXPECT_EQ(own.override_params[0].json, "1");
  EXPECT_EQ(own.override_params[1].json, "2");
}

TEST(CompileRoute, AnEmptyListOfStatusesNamesNone) {
  const auto plan = Compiled(
      R"({"strategy":{"mode":"fallback","on_status_codes":[]},"retry":{"attempts":1,"on_status_codes":[]},)"
      R"("targets":[{"provider":"openai"}]})");
  ASSERT_TRUE(plan->root.on_status_codes);
  EXPECT_FALSE(plan->root.on_status_codes->Contains(500));
  EXPECT_FALSE(plan->targets[0]->target.retry.on_status_codes.Contains(500));
}

TEST(CompileRoute, AnEmptyListOfHeadersForwardsNone) {
  const auto plan =
      Compiled(R"({"strategy":{"mode":"fallback"},"forward_headers":["x-a"],)"
               R"("targets":[{"provider":"openai"},{"provider":"openai","forward_headers":[ ]}]})");
  EXPECT_EQ(plan->targets[0]->target.forward_headers, std::vector<std::string>{"x-a"});
  EXPECT_TRUE(plan->targets[1]->target.forward_headers.empty());
}

TEST(CompileRoute, SaysWhatIsWrongAndWhere) {
  struct Case {
    const char* json;
    const char* message;
  };
  const Case cases[] = {
      {"[object Object]", "JSON.stringify"},
      {"pc-123", "send the config as JSON"},
      {"[]", "config: expected an object, got an array"},
      {R"({"provider":5})", "config.provider: expected a string, got a number"},
      {R"({"provider":"nobody"})", "config.provider: there is no provider called \"nobody\""},
      {R"({"targets":[{"provider":"echo"},{"provider":"echo"}]})", "config.strategy.mode: must say"},
      {R"({"strategy":{"mode":"fallback"},"targets":[]})", "config.targets: a strategy needs at least one"},
      {R"({"strategy":{"mode":"fallback"}})", "config.targets: a strategy needs at least one"},
      {R"({"targets":[{"api_key":5}]})", "config.targets[0].api_key: expected a string, got a number"},
      {R"({"request_timeout":1.5})", "config.request_timeout: "},
      {R"({"idle_timeout":-1})", "config.idle_timeout: must be a whole number of milliseconds"},
      {R"({"request_timeout":-1})", "config.request_timeout: must be a whole number of milliseconds"},
      {R"({"request_timeout":9000000000000000000})",
       "config.request_timeout: must be a whole number of milliseconds"},
      {R"({"strategy":{"mode":"random"}})", "config.strategy.mode: "},
      {R"({"options":[{}]})", "config.options: is not a member of a config"},
      {R"({"retry":{"attempts":6}})", "config.retry.attempts: must be between 0 and 5"},
      {R"({"retry":{"count":-1}})", "config.retry.count: must be between 0 and 5"},
      {R"({"retry":{"attempts":1,"on_status_codes":[99]}})",
       "config.retry.on_status_codes[0]: must be a status"},
      {R"({"retry":{"base_ms":-1}})", "config.retry.base_ms: must be between 0 and 600000"},
      {R"({"strategy":{"mode":"loadbalance"},"targets":[{"weight":-1}]})",
       "config.targets[0].weight: must be"},
      {R"({"strategy":{"mode":"loadbalance"},"targets":[{"weight":"much"}]})",
       "config.targets[0].weight: must be a number"},
      {R"({"strategy":{"mode":"loadbalance"},"targets":[{"weight":0},{"weight":0}]})",
       "config.targets: the weights must not all be 0"},
      {R"({"strategy":{"mode":"conditional"},"targets":[{}]})", "config.strategy.conditions: must hold"},
      {R"({"strategy":{"mode":"conditional","conditions":[{"query":{},"then":"b"}]},"targets":[{"name":"a"}]})",
       "config.strategy.conditions[0].then: no target is called \"b\""},
      {R"({"strategy":{"mode":"conditional","conditions":[{"query":{"params.a":{"$foo":1}},"then":"a"}]},)"
       R"("targets":[{"name":"a"}]})",
       "config.strategy.conditions[0].query: \"$foo\" is no operator"},
      {R"({"forward_headers":["x-portkey-config"]})",
       "config.forward_headers[0]: \"x-portkey-config\" cannot"},
      {R"({"forward_headers":["Authorization"]})", "config.forward_headers[0]: \"authorization\" cannot"},
      {R"({"forward_headers":["x-a","API-Key"]})", "config.forward_headers[1]: \"api-key\" cannot"},
      {R"({"forward_headers":["X-Goog-Api-Key"]})", "config.forward_headers[0]: \"x-goog-api-key\" cannot"},
      {R"({"forward_headers":["Cookie"]})", "config.forward_headers[0]: \"cookie\" cannot"},
      {R"({"provider":"a"} x)", "text after the end of the value"},
      {R"({"provider":"a")", "not a JSON text"},
  };
  for (const Case& test : cases) {
    std::shared_ptr<const RoutePlan> plan;
    const auto error = Compile(test.json, &plan);
    ASSERT_TRUE(error) << test.json;
    EXPECT_EQ(error->http_status, 400);
    EXPECT_EQ(error->code, "invalid_config");
    EXPECT_NE(error->message.find(test.message), std::string::npos)
        << test.json << " gave: " << error->message;
  }
}

TEST(CompileRoute, BoundsDepthAndNumber) {
  std::string deep = R"({"provider":"echo"})";
  for (int i = 0; i < 40; ++i) deep = R"({"strategy":{"mode":"single"},"targets":[)" + deep + "]}";
  std::shared_ptr<const RoutePlan> plan;
  auto error = Compile(deep, &plan);
  ASSERT_TRUE(error);
  EXPECT_NE(error->message.find("nested more than 32 levels deep"), std::string::npos) << error->message;

  std::string many = R"({"strategy":{"mode":"fallback"},"targets":[{"provider":"echo"})";
  for (int i = 0; i < 256; ++i) many += R"(,{"provider":"echo"})";
  error = Compile(many + "]}", &plan);
  ASSERT_TRUE(error);
  EXPECT_NE(error->message.find("at most 256 targets"), std::string::npos) << error->message;
}

}  // namespace
}  // namespace portolan::routing
