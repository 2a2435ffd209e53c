// Counting tokens: POST /v1beta/models/{model}:countTokens. Shapes are those of Google's API reference.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/dialects/google/google.h"
#include "tests/unit/providers/count_driver.h"

namespace portolan::providers::gemini {
namespace {

using nlohmann::json;
using testing::ElementsAre;

const CountDriver& Driver() {
  static const CountDriver driver(GoogleDialect());
  return driver;
}

// The request of a chat, whole, with its model.
TEST(GoogleTokenCount, SendsTheWholeRequest) {
  for (const char* model : {"gemini-2.5-flash", "models/gemini-2.5-flash"}) {
    json hub = json::parse(R"({
        "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}],
        "max_tokens":9,"seed":3,"novel":1,
        "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]})");
    hub["model"] = model;
    const auto sent = Driver().Encode(hub);
    ASSERT_FALSE(sent.error) << sent.error->message;
    EXPECT_EQ(sent.json, json::parse(R"({"generateContentRequest":{
        "model":"models/gemini-2.5-flash",
        "contents":[{"role":"user","parts":[{"text":"hi"}]}],
        "systemInstruction":{"parts":[{"text":"Be brief."}]},
        "tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object","properties":{}}}]}],
        "generationConfig":{"maxOutputTokens":9,"seed":3}}})"));
    EXPECT_THAT(sent.dropped, ElementsAre("novel"));
  }
}

TEST(GoogleTokenCount, RefusesWhatChatRefuses) {
  const auto sent = Driver().Encode(json::parse(R"({"model":"m","messages":[]})"));
  ASSERT_TRUE(sent.error);
  EXPECT_EQ(sent.error->http_status, 400);
  EXPECT_EQ(sent.error->param, "messages");
}

TEST(GoogleTokenCount, ReadsTheCount) {
  const auto plain = Driver().Decode(
      R"({"totalTokens":5,"promptTokensDetails":[{"modality":"TEXT","tokenCount":5}]})", "gemini-2.5-flash");
  ASSERT_FALSE(plain.error) << plain.error->message;
  EXPECT_EQ(plain.json, json::parse(R"({"object":"token_count","input_tokens":5,"model":"gemini-2.5-flash",
      "promptTokensDetails":[{"modality":"TEXT","tokenCount":5}]})"));
  const auto cached = Driver().Decode(R"({"totalTokens":5000,"cachedContentTokenCount":4990})", "m");
  ASSERT_FALSE(cached.error) << cached.error->message;
  EXPECT_EQ(cached.json, json::parse(R"({"object":"token_count","input_tokens":5000,"model":"m",
      "cached_tokens":4990})"));
}

TEST(GoogleTokenCount, WhatIsNoCount) {
  const auto empty = Driver().Decode("{}", "m");
  ASSERT_TRUE(empty.error);
  EXPECT_EQ(empty.error->http_status, 502);
  EXPECT_EQ(empty.error->code, "upstream_invalid_answer");
  const auto error =
      Driver().Decode(R"({"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}})", "m");
  ASSERT_TRUE(error.error);
  EXPECT_EQ(error.error->http_status, 429);
}

}  // namespace
}  // namespace portolan::providers::gemini
