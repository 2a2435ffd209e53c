#include "server/routing/engine.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/unit/routing/compile.h"
#include "tests/unit/routing/config_text.h"
#include "tests/unit/routing/walk.h"

namespace portolan::routing {
namespace {

using std::chrono::milliseconds;

struct Case {
  std::string config;
  std::vector<std::string> happens;
  std::string attempts;
  int retry_count = 0;
  bool no_target = false;
};

void Check(const std::vector<Case>& cases, const WalkOptions& options = {}) {
  for (const Case& test : cases) {
    const Walked walked = Walk(*Compiled(test.config), AllHappen(test.happens), options);
    EXPECT_EQ(Told(walked.attempts), test.attempts) << test.config;
    EXPECT_EQ(walked.retry_count, test.retry_count) << test.config;
    EXPECT_EQ(walked.no_target, test.no_target) << test.config;
    EXPECT_EQ(walked.went_on, walked.attempts.size() > 1) << test.config;
  }
}

TEST(Engine, TriesATargetOnce) {
  Check({{Leaf(), {"200"}, "config"},
         {Leaf(), {"503"}, "config"},
         {Leaf(), {"502!"}, "config"},
         {Node("single", {Leaf(), Leaf()}), {"500"}, "targets[0]"},
         {R"({"targets":[{"provider":"echo"}]})", {"500"}, "targets[0]"}});
}

TEST(Engine, RetriesByStatus) {
  const std::string none = R"(,"on_status_codes":[])";
  const std::string teapot = R"(,"on_status_codes":[418])";
  const std::string good = R"(,"on_status_codes":[200])";
  const std::string thrice = "config, config after 500, config after 1000";
  Check({
      {Leaf(Retries(2)), {"429", "500", "502"}, thrice, -1},
      {Leaf(Retries(2)), {"503", "504", "200"}, thrice, 2},
      {Leaf(Retries(2)), {"529", "200"}, "config, config after 500", 1},
      {Leaf(Retries(2)), {"500", "400"}, "config, config after 500", 1},
      {Leaf(Retries(2)), {"501"}, "config"},
      {Leaf(Retries(2)), {"408"}, "config"},
      {Leaf(Retries(2)), {"401 local"}, "config"},
      {Leaf(Retries(2)), {"503 local"}, "config"},
      {Leaf(Retries(2)), {"400 unsupported"}, "config"},
      {Leaf(Retries(2)), {"502!"}, thrice, -1},
      {Leaf(Retries(2, none)), {"500"}, "config"},
      {Leaf(Retries(2, none)), {"502!"}, thrice, -1},
      {Leaf(Retries(2, teapot)), {"500"}, "config"},
      {Leaf(Retries(2, teapot)), {"418"}, thrice, -1},
      {Leaf(Retries(2, teapot)), {"504!", "418", "200"}, thrice, 2},
      {Leaf(Retries(2, good)), {"200"}, "config"},
      {Leaf(Retries(0)), {"500"}, "config"},
      {Leaf(Retries(0)), {"502!"}, "config"},
      {Leaf(R"(,"retry":{"attempts":1,"on_status_codes":[503]})"), {"529"}, "config, config after 500", -1},
      {Leaf(R"(,"retry":{"attempts":1,"on_status_codes":[529]})"), {"503"}, "config"},
  });
}

TEST(Engine, FallsBackByStatus) {
  const std::vector<std::string> two = {Leaf(), Leaf()};
  const std::string both = "targets[0], targets[1]";
  for (const char* status : {"199", "300", "400", "401", "403", "404", "408", "429", "446", "500", "529",
                             "502!", "401 local", "400 unsupported"}) {
    Check({{Fallback(two), {status}, both}});
  }
  for (const char* status : {"200", "201", "246", "299"}) Check({{Fallback(two), {status}, "targets[0]"}});
  Check({
      {Fallback(two, "[429]"), {"429"}, both},
      {Fallback(two, "[429]"), {"500"}, "targets[0]"},
      {Fallback(two, "[429]"), {"502!"}, "targets[0]"},
      {Fallback(two, "[429]"), {"400 unsupported"}, both},
      {Fallback(two, "[]"), {"500"}, "targets[0]"},
      {Fallback(two, "[]"), {"400 unsupported"}, both},
      {Fallback(two, "[200]"), {"200"}, both},
      {Fallback(two, "[200]"), {"201"}, "targets[0]"},
      {Fallback(two, "[503]"), {"529"}, both},
      {Fallback(two, "[529]"), {"503"}, "targets[0]"},
      {Fallback({Leaf(), Leaf(), Leaf()}), {"500", "429", "400"}, "targets[0], targets[1], targets[2]"},
      {Fallback({Leaf(), Leaf(), Leaf()}), {"500", "200"}, both},
      {Fallback({Leaf()}), {"500"}, "targets[0]"},
  });
  // A connection that failed is any of these.
  for (const char* list : {"[500]", "[502]", "[503]", "[504]"}) {
    Check({{Fallback(two, list), {"502!"}, both}, {Fallback(two, list), {"504!"}, both}});
  }
}

TEST(Engine, RetriesEachTargetBeforeItFallsBack) {
  Check({
      {Node("fallback", {Leaf(Retries(1)), Leaf(Retries(2)), Leaf()}),
       {"500"},
       "targets[0], targets[0] after 500, targets[1], targets[1] after 500, targets[1] after 1000, "
       "targets[2]"},
      // The retries are the last target's.
      {Node("fallback", {Leaf(Retries(1)), Leaf(Retries(2))}),
       {"500", "500", "500", "200"},
       "targets[0], targets[0] after 500, targets[1], targets[1] after 500",
       1},
      {Node("fallback", {Leaf(Retries(1)), Leaf(Retries(2))}),
       {"400", "429 local"},
       "targets[0], targets[1]"},
      {Node("fallback", {Leaf(), Leaf()}, "", Retries(1)),
       {"500"},
       "targets[0], targets[0] after 500, targets[1], targets[1] after 500",
       -1},
  });
}

constexpr char kYes[] = R"({"metadata.plan":"paid"})";
constexpr char kNo[] = R"({"metadata.plan":"free"})";

std::string Conditional(const std::string& query, const std::vector<std::string>& targets,
                        const std::string& otherwise = "") {
  return Node("conditional", targets,
              R"(,"conditions":[{"query":)" + query + R"(,"then":"b"}])" +
                  (otherwise.empty() ? "" : R"(,"default":")" + otherwise + "\""));
}

std::string Named(const std::string& name, std::string target) {
  target.insert(1, R"("name":")" + name + "\",");
  return target;
}

WalkOptions Paid() {
  WalkOptions options;
  options.facts.metadata = R"({"plan":"paid"})";
  return options;
}

TEST(Engine, GoesWhereTheFirstConditionSaysThatMatches) {
  const std::vector<std::string> two = {Named("a", Leaf()), Named("b", Leaf())};
  const std::string first_of_two = R"(,"conditions":[{"query":)" + std::string(kYes) +
                                   R"(,"then":"a"},{"query":)" + kYes + R"(,"then":"b"}])";
  Check(
      {
          {Conditional(kYes, two), {"500"}, "targets[1]"},
          {Conditional(kYes, two, "a"), {"500"}, "targets[1]"},
          {Conditional(kNo, two, "a"), {"500"}, "targets[0]"},
          {Conditional(kNo, two), {"200"}, "", 0, true},
          {Node("conditional", two, first_of_two), {"200"}, "targets[0]"},
      },
      Paid());
}

TEST(Engine, AConditionThatMatchesNothingEndsTheCall) {
  const std::string nowhere = Conditional(kNo, {Named("b", Leaf())});
  Check(
      {
          {Fallback({nowhere, Leaf()}), {"200"}, "", 0, true},
          {Fallback({Node("single", {nowhere}), Leaf()}), {"200"}, "", 0, true},
          {Fallback({nowhere, Leaf()}, "[400]"), {"200"}, "", 0, true},
          {Fallback({Leaf(), nowhere}), {"200"}, "targets[0]"},
          {Fallback({Leaf(), nowhere, Leaf()}), {"500"}, "targets[0]", 0, true},
          {Fallback({Fallback({Leaf(), nowhere}), Leaf()}), {"500"}, "targets[0].targets[0]", 0, true},
      },
      Paid());
}

// Chance is 0.6 throughout: the second of two; waits are 0.8 of what they could be.
TEST(Engine, EveryStrategyNestsInEveryOther) {
  const std::map<std::string, std::string> inner = {
      {"single", Node("single", {Leaf(), Leaf()})},
      {"fallback", Fallback({Leaf(), Leaf()})},
      {"loadbalance", Node("loadbalance", {Leaf(), Leaf()})},
      {"conditional", Conditional(kYes, {Named("a", Leaf()), Named("b", Leaf())})},
  };
  // What is tried of the inner node if all fails.
  const std::map<std::string, std::vector<std::string>> tried = {{"single", {".targets[0]"}},
                                                                 {"fallback", {".targets[0]", ".targets[1]"}},
                                                                 {"loadbalance", {".targets[1]"}},
                                                                 {"conditional", {".targets[1]"}}};
  const auto at = [&](const std::string& place, const std::string& kind) {
    std::string text;
    for (const std::string& one : tried.at(kind)) text.append(text.empty() ? "" : ", ").append(place + one);
    return text;
  };
  WalkOptions options = Paid();
  options.random = [] { return 0.6; };
  for (const auto& [kind, node] : inner) {
    Check(
        {
            {Node("single", {node, Leaf()}), {"500"}, at("targets[0]", kind)},
            {Fallback({node, Leaf()}), {"500"}, at("targets[0]", kind) + ", targets[1]"},
            {Fallback({Leaf(), node}), {"500"}, "targets[0], " + at("targets[1]", kind)},
            {Fallback({Leaf(), node, Leaf()}),
             {"500"},
             "targets[0], " + at("targets[1]", kind) + ", targets[2]"},
            {Node("loadbalance", {Leaf(), node}), {"500"}, at("targets[1]", kind)},
            {Conditional(kYes, {Leaf(), Named("b", node)}), {"500"}, at("targets[1]", kind)},
            {Conditional(kNo, {Named("b", Leaf()), Named("c", node)}, "c"), {"500"}, at("targets[1]", kind)},
        },
        options);
  }
  Check({{Fallback({Fallback({Leaf(), Leaf()}, "[500]"), Leaf()}, "[429]"),
          {"429"},
          "targets[0].targets[0], targets[1]"},
         {Fallback({Fallback({Leaf(), Leaf()}, "[429]"), Leaf()}, "[500]"),
          {"429", "500"},
          "targets[0].targets[0], targets[0].targets[1], targets[1]"},
         {Fallback({Fallback({Leaf(), Leaf()}), Leaf()}, "[200]"),
          {"200"},
          "targets[0].targets[0], targets[1]"},
         {Node("loadbalance", {Leaf(), Leaf(Retries(1))}), {"500"}, "targets[1], targets[1] after 800", -1}},
        options);
}

TEST(Engine, WaitsAsLongAsTheProviderAsksOnlyIfTheConfigSaysSo) {
  const std::string asks = R"(,"use_retry_after_header":true)";
  const std::string old = R"(,"use_retry_after_headers":true)";
  const std::string teapot = R"(,"use_retry_after_header":true,"on_status_codes":[418,500])";
  Check({
      {Leaf(Retries(1)), {"429 after 7000"}, "config, config after 500", -1},
      {Leaf(Retries(1)), {"429 after 70000"}, "config, config after 500", -1},
      {Leaf(Retries(1, R"(,"use_retry_after_header":false)")),
       {"429 after 9"},
       "config, config after 500",
       -1},
      {Leaf(Retries(1, asks)), {"429 after 7000"}, "config, config after 7000", -1},
      {Leaf(Retries(1, old)), {"429 after 7000"}, "config, config after 7000", -1},
      {Leaf(Retries(1, asks)), {"503 after 7000", "200"}, "config, config after 7000", 1},
      {Leaf(Retries(1, asks)), {"429 after 0", "200"}, "config, config", 1},
      {Leaf(Retries(1, asks)), {"429"}, "config, config after 500", -1},
      // Other statuses' wishes are not heard.
      {Leaf(Retries(1, asks)), {"500 after 7000"}, "config, config after 500", -1},
      {Leaf(Retries(1, asks)), {"529 after 70000"}, "config, config after 500", -1},
      {Leaf(Retries(1, teapot)), {"418 after 7000"}, "config, config after 500", -1},
      // A status that is not retried is not retried later either.
      {Leaf(Retries(1, teapot)), {"429 after 7000"}, "config"},
      // 60 seconds and more are given up, at once or in all.
      {Leaf(Retries(2, asks)), {"429 after 59999", "200"}, "config, config after 59999", 1},
      {Leaf(Retries(2, asks)), {"429 after 60000"}, "config", -1},
      {Leaf(Retries(2, asks)), {"503 after 31536000000"}, "config", -1},
      {Leaf(Retries(5, asks)), {"429 after 25000"}, "config, config after 25000, config after 25000", -1},
      {Leaf(Retries(3, asks)),
       {"429 after 40000", "500", "429 after 20000", "200"},
       "config, config after 40000, config after 1000, config after 20000",
       3},
      // The cap is for the gateway's own waits.
      {Leaf(Retries(1, asks + R"(,"cap_ms":10)")), {"429 after 7000"}, "config, config after 7000", -1},
      // Each target has its own minute.
      {Node("fallback", {Leaf(Retries(1, asks)), Leaf(Retries(1, asks))}),
       {"429 after 40000"},
       "targets[0], targets[0] after 40000, targets[1], targets[1] after 40000",
       -1},
      {Node("fallback", {Leaf(Retries(1, asks)), Leaf()}), {"429 after 60000"}, "targets[0], targets[1]"},
  });
}

TEST(Engine, BeginsNothingThatCannotEndInTime) {
  struct Timed {
    std::string config;
    int64_t budget;
    int64_t takes;
    std::string attempts;
    int retry_count;
  };
  // Waits are 500, 1000, 2000 ms.
  const Timed cases[] = {
      {Leaf(Retries(3)), 10'000, 100, "config, config after 500, config after 1000, config after 2000", -1},
      {Leaf(Retries(3)), 600, 100, "config", 0},  // it would begin when the time is over
      {Leaf(Retries(3)), 601, 100, "config, config after 500", 1},
      {Leaf(Retries(3)), 1700, 100, "config, config after 500", 1},
      {Leaf(Retries(3)), 1701, 100, "config, config after 500, config after 1000", 2},
      {Leaf(Retries(3)), 100, 100, "config", 0},
      {Leaf(Retries(3)), 100, 5000, "config", 0},
      {Leaf(Retries(3, R"(,"base_ms":0)")), 250, 100, "config, config, config", 2},
      // No time for the wait, but for another target.
      {Fallback({Leaf(Retries(3)), Leaf()}), 400, 100, "targets[0], targets[1]", 0},
      {Fallback({Leaf(), Leaf(), Leaf()}), 250, 100, "targets[0], targets[1], targets[2]", 0},
      {Fallback({Leaf(), Leaf(), Leaf()}), 200, 100, "targets[0], targets[1]", 0},
      {Fallback({Leaf(), Leaf()}), 50, 100, "targets[0]", 0},
      {Leaf(Retries(3, R"(,"use_retry_after_header":true)")), 5000, 1, "config", 0},
  };
  for (const Timed& test : cases) {
    WalkOptions options;
    options.budget = milliseconds(test.budget);
    Happening happening = Happens("429 after 30000");
    happening.takes = milliseconds(test.takes);
    const Walked walked = Walk(*Compiled(test.config), {happening}, options);
    EXPECT_EQ(Told(walked.attempts), test.attempts) << test.config << " in " << test.budget;
    EXPECT_EQ(walked.retry_count, test.retry_count) << test.config << " in " << test.budget;
  }
}

TEST(Engine, SaysWhetherAnotherAttemptMayFollow) {
  const auto may_go_on = [](const std::string& config, int attempts) {
    const auto plan = Compiled(config);
    const ConditionFacts facts;
    const Engine::Random random = [] { return 0.0; };
    Engine engine(*plan, facts, random);
    engine.Start();
    for (int i = 1; i < attempts; ++i) engine.Next(Happens("500").outcome, TimePoint(), TimePoint::max());
    return engine.MayGoOn();
  };
  EXPECT_FALSE(may_go_on(Leaf(), 1));
  EXPECT_TRUE(may_go_on(Leaf(Retries(1)), 1));
  EXPECT_FALSE(may_go_on(Leaf(Retries(1)), 2));
  EXPECT_TRUE(may_go_on(Fallback({Leaf(), Leaf()}), 1));
  EXPECT_FALSE(may_go_on(Fallback({Leaf(), Leaf()}), 2));
  EXPECT_FALSE(may_go_on(Node("single", {Leaf(), Leaf()}), 1));
  EXPECT_TRUE(may_go_on(Fallback({Node("single", {Leaf()}), Leaf()}), 1));
}

}  // namespace
}  // namespace portolan::routing
