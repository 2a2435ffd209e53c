// Counting tokens: POST /model/{model}/count-tokens. The members that the operation takes are those of
// CountTokensRequest in @aws-sdk/client-bedrock-runtime, against whose types
// tests/conformance/bedrock_schema checks the requests.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/dialects/bedrock/bedrock.h"
#include "tests/unit/providers/count_driver.h"

namespace portolan::providers::bedrock {
namespace {

using nlohmann::json;
using testing::IsEmpty;

constexpr char kClaude[] = "anthropic.claude-sonnet-4-5-20250929-v1:0";

const CountDriver& Driver() {
  static const CountDriver driver(BedrockDialect());
  return driver;
}

json Hi() { return json::parse(R"([{"role":"user","content":"hi"}])"); }

TEST(BedrockTokenCount, SendsWhatCounts) {
  json hub = json::parse(R"({
      "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}],
      "max_tokens":9,"stop":"END","service_tier":"flex","metadata":{"a":"b"},
      "performanceConfig":{"latency":"optimized"},"guardrailConfig":{"guardrailIdentifier":"g"},
      "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{}}}}],
      "thinking":{"type":"enabled","budget_tokens":1024}})");
  hub["model"] = kClaude;
  const auto sent = Driver().Encode(hub);
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.json, json::parse(R"({"input":{"converse":{
      "system":[{"text":"Be brief."}],
      "messages":[{"role":"user","content":[{"text":"hi"}]}],
      "toolConfig":{"tools":[{"toolSpec":{"name":"f","description":"d",
          "inputSchema":{"json":{"type":"object","properties":{}}}}}]},
      "additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":1024}}}}})"));
  EXPECT_THAT(sent.dropped, IsEmpty());
}

// The operation has no place for these, and the model reads them.
TEST(BedrockTokenCount, RefusesWhatWouldNotBeCounted) {
  const json schema = json::parse(
      R"({"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{}}}})");
  const json own = json::parse(R"({"textFormat":{"type":"json_schema"}})");
  for (const auto& [name, value] : {std::pair<const char*, json>{"response_format", schema},
                                    {"outputConfig", own},
                                    {"promptVariables", {{"a", {{"text", "b"}}}}}}) {
    const auto sent = Driver().Encode({{"model", kClaude}, {"messages", Hi()}, {name, value}});
    ASSERT_TRUE(sent.error) << name;
    EXPECT_EQ(sent.error->http_status, 400);
    EXPECT_EQ(sent.error->code, "unsupported_parameter");
    EXPECT_EQ(sent.error->param, name);
  }
  // How hard to think is no part of the prompt.
  EXPECT_FALSE(
      Driver()
          .Encode(
              {{"model", "anthropic.claude-opus-4-6-v1"}, {"messages", Hi()}, {"reasoning_effort", "low"}})
          .error);
}

TEST(BedrockTokenCount, ReadsTheCount) {
  const auto answer = Driver().Decode(R"({"inputTokens":14})", kClaude);
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(answer.json, json({{"object", "token_count"}, {"input_tokens", 14}, {"model", kClaude}}));
}

TEST(BedrockTokenCount, WhatIsNoCount) {
  const auto empty = Driver().Decode(R"({"message":"x"})", "m");
  ASSERT_TRUE(empty.error);
  EXPECT_EQ(empty.error->http_status, 502);
  EXPECT_EQ(empty.error->code, "upstream_invalid_answer");
}

}  // namespace
}  // namespace portolan::providers::bedrock
