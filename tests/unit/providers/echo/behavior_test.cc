#include "providers/echo/behavior.h"

#include <gtest/gtest.h>

namespace portolan::providers::echo {
namespace {

TEST(ParseModel, ReadsWhatTheNameAsksFor) {
  struct Case {
    const char* model;
    int delay_ms;
    int fail_status;
    int cut_after;
  };
  const Case cases[] = {
      {"echo", 0, 0, -1},
      {"echo/echo", 0, 0, -1},
      {"echo-slow", 100, 0, -1},
      {"echo-slow-7", 7, 0, -1},
      {"echo-fail", 0, 500, -1},
      {"echo-fail-429", 0, 429, -1},
      {"echo-cut", 0, 0, 2},
      {"echo-cut-0", 0, 0, 0},
      {"echo-slow-50-cut-3", 50, 0, 3},
      {"echo-slow-cut-3", 100, 0, 3},
  };
  for (const Case& test : cases) {
    const auto behavior = ParseModel(test.model);
    ASSERT_TRUE(behavior) << test.model;
    EXPECT_EQ(behavior->delay.count(), test.delay_ms) << test.model;
    EXPECT_EQ(behavior->fail_status, test.fail_status) << test.model;
    EXPECT_EQ(behavior->cut_after, test.cut_after) << test.model;
  }
}

TEST(ParseModel, AnswersForAnyOtherName) {
  for (const char* model :
       {"gpt-4o", "echo/gpt-4o", "echoes", "claude-slow-100", "text-fail-503", "my-echo-cut-2",
        "echo/echo/echo", "openai/gpt-4o", "-", "echo/org/model-cut-0"}) {
    const auto behavior = ParseModel(model);
    ASSERT_TRUE(behavior) << model;
    EXPECT_EQ(behavior->delay.count(), 0) << model;
    EXPECT_EQ(behavior->fail_status, 0) << model;
    EXPECT_EQ(behavior->cut_after, -1) << model;
  }
}

TEST(ParseModel, RefusesEchosOwnNamesThatSayNothing) {
  for (const char* model : {"", "echo/", "echo-fast", "echo/echo-fast", "echo-fail-200", "echo-fail-1000",
                            "echo-slow--1", "echo-slow-99999999999", "echo-slow-10-quick"}) {
    EXPECT_FALSE(ParseModel(model)) << model;
  }
}

}  // namespace
}  // namespace portolan::providers::echo
