// The guardrails of x-portolan-default-input-guardrails and -default-output-guardrails.

#include "server/routing/hook_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/guardrails/guardrail_list.h"

namespace portolan::routing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

class HookCacheTest : public ::testing::Test {
 protected:
  HookCacheTest() {
    guardrails::Problem problem;
    named_["polite"] =
        guardrails::ReadNamedGuardrail("polite", nlohmann::json::parse(R"({"notNull":{}})"), "", &problem);
  }

  std::optional<Error> Ask(std::string_view input, std::string_view output) {
    RequestHeaders headers;
    headers.options = {{kDefaultInputGuardrails, input}, {kDefaultOutputGuardrails, output}};
    hooks_ = nullptr;
    return cache_.FromHeaders(headers, &hooks_);
  }

  guardrails::NamedGuardrails named_;
  HookCache cache_{named_};
  std::shared_ptr<const guardrails::Hooks> hooks_;
};

TEST_F(HookCacheTest, ReadsBothHeadersAndNames) {
  ASSERT_FALSE(Ask(R"([{"default.contains":{"operator":"none","words":["a"]},"deny":true},"polite"])",
                   R"([{"checks":[{"id":"default.notNull"}],"id":"o"}])"));
  ASSERT_THAT(hooks_->input, SizeIs(2));
  EXPECT_TRUE(hooks_->input[0]->deny);
  EXPECT_EQ(hooks_->input[0]->checks.at(0).id, "default.contains");
  EXPECT_EQ(hooks_->input[1], named_["polite"]);
  ASSERT_THAT(hooks_->output, SizeIs(1));
  EXPECT_EQ(hooks_->output[0]->id, "o");
}

TEST_F(HookCacheTest, GivesTheSameForTheSameTexts) {
  ASSERT_FALSE(Ask(R"(["polite"])", ""));
  const auto first = hooks_;
  ASSERT_FALSE(Ask(R"(["polite"])", ""));
  EXPECT_EQ(hooks_, first);
  ASSERT_FALSE(Ask("", R"(["polite"])"));
  EXPECT_THAT(hooks_->input, SizeIs(0));
  EXPECT_THAT(hooks_->output, SizeIs(1));
}

TEST_F(HookCacheTest, EmptyListsAreNone) {
  for (const char* text : {"[]", "null", " "}) {
    ASSERT_FALSE(Ask(text, "")) << text;
    EXPECT_EQ(hooks_, nullptr) << text;
  }
}

TEST_F(HookCacheTest, MistakesNameTheHeader) {
  const struct {
    const char* input;
    const char* output;
    const char* param;
    const char* message;
  } cases[] = {
      {"[", "", "x-portolan-default-input-guardrails", "x-portolan-default-input-guardrails: is no JSON"},
      {"polite", "", "x-portolan-default-input-guardrails",
       "x-portolan-default-input-guardrails: is no JSON"},
      {"\"polite\"", "", "x-portolan-default-input-guardrails",
       "x-portolan-default-input-guardrails: must be a list"},
      {R"(["polite","rude"])", "", "x-portolan-default-input-guardrails",
       "x-portolan-default-input-guardrails[1]: "},
      {R"(["polite"])", R"([{"default.contains":{}}])", "x-portolan-default-output-guardrails",
       R"(x-portolan-default-output-guardrails[0]["default.contains"].words: )"},
  };
  for (const auto& test : cases) {
    // What is wrong is not kept as if it were good.
    for (int i = 0; i < 2; ++i) {
      const auto error = Ask(test.input, test.output);
      ASSERT_TRUE(error) << test.input;
      EXPECT_EQ(error->http_status, 400);
      EXPECT_EQ(error->code, "invalid_config");
      EXPECT_EQ(error->param, test.param);
      EXPECT_THAT(error->message, StartsWith(test.message));
    }
  }
}

TEST_F(HookCacheTest, BoundsTheChecksOfACall) {
  std::string many = "[";
  for (int i = 0; i < 200; ++i) many += std::string(i == 0 ? "" : ",") + R"({"notNull":{}})";
  many += "]";
  ASSERT_FALSE(Ask(many, ""));
  const auto error = Ask(many, many);
  ASSERT_TRUE(error);
  EXPECT_THAT(error->message, HasSubstr("at most 256 checks"));
}

// More texts than are kept: the answers stay right, and those that are in use stay alive.
TEST_F(HookCacheTest, BeginsAnewWhenItIsFull) {
  ASSERT_FALSE(Ask(R"([{"id":"first","notNull":{}}])", ""));
  const auto first = hooks_;
  for (int i = 0; i < 2000; ++i) {
    const std::string id = "g" + std::to_string(i);
    ASSERT_FALSE(Ask(R"([{"id":")" + id + R"(","notNull":{}}])", ""));
    ASSERT_EQ(hooks_->input.at(0)->id, id);
  }
  EXPECT_EQ(first->input.at(0)->id, "first");
  ASSERT_FALSE(Ask(R"([{"id":"first","notNull":{}}])", ""));
  EXPECT_NE(hooks_, first);
  EXPECT_EQ(hooks_->input.at(0)->id, "first");
}

}  // namespace
}  // namespace portolan::routing
