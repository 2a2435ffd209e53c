// Counting tokens: POST /v1/messages/count_tokens. The members that the endpoint takes are those of
// MessageCountTokensParams in @anthropic-ai/sdk, against whose types tests/conformance/anthropic_schema
// checks the requests.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/dialects/anthropic/anthropic.h"
#include "tests/unit/providers/count_driver.h"

namespace portolan::providers::anthropic {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

const CountDriver& Driver() {
  static const CountDriver driver(AnthropicDialect(), "count_tokens");
  return driver;
}

json Hi() { return json::parse(R"([{"role":"user","content":"hi"}])"); }

// The request of a chat as it is, but for what only says how to answer.
TEST(AnthropicTokenCount, SendsWhatCounts) {
  json hub = json::parse(R"({
      "model":"claude-haiku-4-5","max_completion_tokens":9,"temperature":0.5,"stop":"END","stream":true,
      "user":"u","service_tier":"auto","reasoning_effort":"none","inference_geo":"us",
      "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}],
      "tool_choice":"required"})");
  hub["messages"] =
      json::parse(R"([{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}])");
  const auto sent = Driver().Encode(hub);
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.json, json::parse(R"({
      "model":"claude-haiku-4-5",
      "system":[{"type":"text","text":"Be brief."}],
      "messages":[{"role":"user","content":"hi"}],
      "tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}],
      "tool_choice":{"type":"any"}})"));
  EXPECT_THAT(sent.dropped, IsEmpty());
}

TEST(AnthropicTokenCount, SendsTheMembersThatItHasBesides) {
  const auto sent = Driver().Encode({{"model", "claude-opus-4-6"},
                                     {"messages", Hi()},
                                     {"thinking", {{"type", "adaptive"}}},
                                     {"speed", "fast"},
                                     {"cache_control", {{"type", "ephemeral"}}}});
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.json["thinking"], json::parse(R"({"type":"adaptive"})"));
  EXPECT_EQ(sent.json["speed"], "fast");
  EXPECT_EQ(sent.json["cache_control"], json::parse(R"({"type":"ephemeral"})"));
}

TEST(AnthropicTokenCount, RefusesWhatWouldNotBeCounted) {
  const auto sent = Driver().Encode({{"model", "m"}, {"messages", Hi()}, {"container", {{"id", "c"}}}});
  ASSERT_TRUE(sent.error);
  EXPECT_EQ(sent.error->http_status, 400);
  EXPECT_EQ(sent.error->code, "unsupported_parameter");
  EXPECT_EQ(sent.error->param, "container");
}

TEST(AnthropicTokenCount, ReadsTheCount) {
  const auto answer = Driver().Decode(R"({"input_tokens":14,"novel":1})", "claude-haiku-4-5");
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(
      answer.json,
      json::parse(R"({"object":"token_count","input_tokens":14,"model":"claude-haiku-4-5","novel":1})"));
}

TEST(AnthropicTokenCount, WhatIsNoCount) {
  const auto empty = Driver().Decode("{}", "m");
  ASSERT_TRUE(empty.error);
  EXPECT_EQ(empty.error->http_status, 502);
  EXPECT_EQ(empty.error->code, "upstream_invalid_answer");
  const auto error =
      Driver().Decode(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})", "m");
  ASSERT_TRUE(error.error);
  EXPECT_EQ(error.error->http_status, 529);
  EXPECT_EQ(error.error->message, "Overloaded");
}

TEST(AnthropicTokenCount, CallersAreUnderstood) {
  const auto asked = Driver().ToHub(json::parse(R"({
      "model":"m","system":"Be brief.","messages":[{"role":"user","content":"hi"}],
      "tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"any"}})"));
  ASSERT_FALSE(asked.error) << asked.error->message;
  EXPECT_EQ(asked.json["messages"],
            json::parse(R"([{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}])"));
  EXPECT_EQ(asked.json["tools"][0]["function"]["name"], "f");
  EXPECT_EQ(asked.json["tool_choice"], "required");
  EXPECT_THAT(asked.dropped, IsEmpty());
  EXPECT_THAT(
      Driver().ToHub({{"model", "m"}, {"messages", Hi()}, {"billing_policy", {{"type", "x"}}}}).dropped,
      ElementsAre("billing_policy"));
}

// MessageTokensCount has this member and no other.
TEST(AnthropicTokenCount, CallersAreAnswered) {
  EXPECT_EQ(Driver().Answer(json::parse(
                R"({"object":"token_count","input_tokens":7,"model":"g","cached_tokens":2,"novel":1})")),
            json::parse(R"({"input_tokens":7})"));
}

}  // namespace
}  // namespace portolan::providers::anthropic
