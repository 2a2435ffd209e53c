#include "server/routing/request_headers.h"

#include <gtest/gtest.h>

#include <vector>

namespace portolan::routing {
namespace {

TEST(ReadRequestHeaders, TakesBothSpellings) {
  const std::vector<HeaderView> headers = {{"x-portkey-provider", "openai"},
                                           {"x-portolan-custom-host", "http://127.0.0.1:1"},
                                           {"authorization", "Bearer a"},
                                           {"x-portkey-openai-organization", "org"},
                                           {"content-type", "application/json"}};
  RequestHeaders out;
  ASSERT_FALSE(ReadRequestHeaders(headers, &out));
  EXPECT_EQ(out.provider, "openai");
  EXPECT_EQ(out.custom_host, "http://127.0.0.1:1");
  EXPECT_EQ(out.authorization, "Bearer a");
  ASSERT_EQ(out.options.size(), 1u);
  EXPECT_EQ(out.options[0].name, "openai-organization");
}

TEST(ReadRequestHeaders, TellsWhetherThereAreDefaultGuardrails) {
  RequestHeaders none;
  ASSERT_FALSE(ReadRequestHeaders(std::vector<HeaderView>{{"x-portkey-provider", "openai"}}, &none));
  EXPECT_FALSE(none.has_default_guardrails());
  RequestHeaders input;
  ASSERT_FALSE(
      ReadRequestHeaders(std::vector<HeaderView>{{"x-portkey-default-input-guardrails", "[1]"}}, &input));
  EXPECT_TRUE(input.has_default_guardrails());
  EXPECT_EQ(input.default_input_guardrails(), "[1]");
  RequestHeaders output;
  ASSERT_FALSE(
      ReadRequestHeaders(std::vector<HeaderView>{{"x-portolan-default-output-guardrails", "[2]"}}, &output));
  EXPECT_TRUE(output.has_default_guardrails());
  EXPECT_EQ(output.default_output_guardrails(), "[2]");
}

TEST(ReadRequestHeaders, AnswersWithThePrefixThatTheRequestUsed) {
  struct Case {
    std::vector<HeaderView> headers;
    const char* prefix;
  };
  const Case cases[] = {
      {{}, "x-portolan-"},
      {{{"x-portkey-provider", "a"}}, "x-portkey-"},
      {{{"x-portolan-provider", "a"}}, "x-portolan-"},
      {{{"x-portkey-provider", "a"}, {"x-portolan-trace-id", "t"}}, "x-portolan-"},
  };
  for (const Case& test : cases) {
    RequestHeaders out;
    ASSERT_FALSE(ReadRequestHeaders(test.headers, &out));
    EXPECT_EQ(out.reply_prefix, test.prefix);
  }
}

TEST(ReadRequestHeaders, RefusesOneSettingWithTwoValues) {
  const std::vector<std::vector<HeaderView>> conflicts = {
      {{"x-portkey-provider", "openai"}, {"x-portolan-provider", "anthropic"}},
      {{"x-portkey-strict-open-ai-compliance", "false"}, {"x-portolan-strict-open-ai-compliance", "true"}},
      {{"x-portkey-openai-beta", "a"}, {"x-portolan-openai-beta", "b"}},
      {{"x-portkey-default-input-guardrails", "[]"}, {"x-portolan-default-input-guardrails", "[{}]"}},
  };
  for (const auto& headers : conflicts) {
    RequestHeaders out;
    const auto error = ReadRequestHeaders(headers, &out);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->http_status, 400);
    EXPECT_EQ(error->code, "conflicting_headers");
  }
  RequestHeaders out;
  EXPECT_FALSE(ReadRequestHeaders(
      std::vector<HeaderView>{{"x-portkey-provider", "openai"}, {"x-portolan-provider", "openai"}}, &out));
}

}  // namespace
}  // namespace portolan::routing
