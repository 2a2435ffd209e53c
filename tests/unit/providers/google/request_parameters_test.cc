// Parameters, Google's own members, and what is dropped or refused.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/providers/google/harness.h"

namespace portolan::providers::gemini {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

const Harness& TheHarness() {
  static const Harness harness;
  return harness;
}

Harness::Request Encode(json members, std::string_view model = "gemini-2.5-flash") {
  members["model"] = model;
  members["messages"] = json::parse(R"([{"role":"user","content":"q"}])");
  return TheHarness().Encode(members);
}

TEST(GoogleParameters, GenerationConfig) {
  const struct {
    const char* hub;
    const char* config;
  } kCases[] = {
      {R"({"temperature":0.5,"top_p":0.9,"top_k":40})", R"({"temperature":0.5,"topP":0.9,"topK":40})"},
      {R"({"temperature":0})", R"({"temperature":0.0})"},
      {R"({"max_tokens":5})", R"({"maxOutputTokens":5})"},
      {R"({"max_completion_tokens":6})", R"({"maxOutputTokens":6})"},
      {R"({"stop":"a"})", R"({"stopSequences":["a"]})"},
      {R"({"stop":["a","","b"]})", R"({"stopSequences":["a","b"]})"},
      {R"({"seed":7})", R"({"seed":7})"},
      {R"({"presence_penalty":0.5,"frequency_penalty":-1})",
       R"({"presencePenalty":0.5,"frequencyPenalty":-1.0})"},
      {R"({"n":2})", R"({"candidateCount":2})"},
      {R"({"logprobs":true,"top_logprobs":3})", R"({"responseLogprobs":true,"logprobs":3})"},
      {R"({"logprobs":true})", R"({"responseLogprobs":true})"},
      {R"({"logprobs":4})", R"({"responseLogprobs":true,"logprobs":4})"},
      {R"({"response_format":{"type":"json_object"}})", R"({"responseMimeType":"application/json"})"},
      {R"({"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,
           "schema":{"type":"object","properties":{"a":{"const":"x"}}}}}})",
       R"({"responseMimeType":"application/json",
           "responseJsonSchema":{"type":"object","properties":{"a":{"enum":["x"]}}}})"},
      {R"({"modalities":["text","image"]})", R"({"responseModalities":["TEXT","IMAGE"]})"},
      {R"({"modalities":["audio"],"audio":{"voice":"Kore","format":"pcm16"}})",
       R"({"responseModalities":["AUDIO"],
           "speechConfig":{"voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kore"}}}})"}};
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.hub);
    const auto sent = Encode(json::parse(one.hub));
    ASSERT_FALSE(sent.error) << sent.error->message;
    EXPECT_EQ(sent.wire["generationConfig"], json::parse(one.config));
    EXPECT_THAT(sent.dropped, IsEmpty());
  }
}

TEST(GoogleParameters, ValuesThatAskForNothingAreNeitherSentNorNamed) {
  const auto sent = Encode(json::parse(R"({"n":1,"presence_penalty":0,"frequency_penalty":0,"logprobs":false,
      "top_logprobs":0,"store":false,"stop":[],"modalities":["text"],"response_format":{"type":"text"},
      "service_tier":"auto","verbosity":"medium","parallel_tool_calls":false,"tools":[],"metadata":{},
      "logit_bias":{},"novel":null,"tool_choice":"auto"})"));
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.wire, json::parse(R"({"contents":[{"role":"user","parts":[{"text":"q"}]}]})"));
  EXPECT_THAT(sent.dropped, IsEmpty());
}

TEST(GoogleParameters, DroppedAndNamed) {
  const auto sent =
      Encode(json::parse(R"({"logit_bias":{"1":2},"store":true,"user":"u","safety_identifier":"s",
      "prediction":{"type":"content","content":"x"},"verbosity":"low","prompt_cache_key":"k",
      "metadata":{"a":"b"},"max_tokens":5,"max_completion_tokens":6,"novel":1,"seed":5000000000,
      "temperature":2.5,"audio":{"voice":"Kore"},"service_tier":"scale"})"));
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.wire["generationConfig"], json::parse(R"({"temperature":2.0,"maxOutputTokens":6})"));
  EXPECT_THAT(sent.dropped,
              testing::UnorderedElementsAre("logit_bias", "store", "user", "safety_identifier", "prediction",
                                            "verbosity", "prompt_cache_key", "metadata.a", "max_tokens",
                                            "novel", "seed", "temperature", "audio", "service_tier"));
}

TEST(GoogleParameters, RefusedWithTheirPath) {
  const struct {
    const char* hub;
    const char* path;
  } kCases[] = {{R"({"temperature":-1})", "temperature"},
                {R"({"top_p":1.5})", "top_p"},
                {R"({"n":0})", "n"},
                {R"({"stop":["1","2","3","4","5","6"]})", "stop"},
                {R"({"moderation":{}})", "moderation"},
                {R"({"modalities":["smell"]})", "modalities[0]"},
                {R"({"modalities":["audio"],"audio":{"voice":"Kore","format":"mp3"}})", "audio.format"},
                {R"({"response_format":{"type":"grammar"}})", "response_format.type"},
                {R"({"response_format":{"type":"json_schema","json_schema":{"name":"n"}}})",
                 "response_format.json_schema.schema"},
                {R"({"reasoning_effort":"huge"})", "reasoning_effort"}};
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.hub);
    const auto sent = Encode(json::parse(one.hub));
    ASSERT_TRUE(sent.error);
    EXPECT_EQ(sent.error->http_status, 400);
    EXPECT_EQ(sent.error->param, one.path);
  }
}

TEST(GoogleParameters, ServiceTier) {
  EXPECT_EQ(Encode({{"service_tier", "default"}}).wire["serviceTier"], "standard");
  EXPECT_EQ(Encode({{"service_tier", "flex"}}).wire["serviceTier"], "flex");
  EXPECT_EQ(Encode({{"service_tier", "priority"}}).wire["serviceTier"], "priority");
}

TEST(GoogleParameters, MembersOfGooglesOwnPassByName) {
  const struct {
    const char* hub;
    const char* member;
    const char* expected;
  } kCases[] = {
      {R"({"safety_settings":[{"category":"HARM_CATEGORY_HATE_SPEECH","threshold":"BLOCK_NONE"}]})",
       "/safetySettings", R"([{"category":"HARM_CATEGORY_HATE_SPEECH","threshold":"BLOCK_NONE"}])"},
      {R"({"safetySettings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"OFF"}]})", "/safetySettings",
       R"([{"category":"HARM_CATEGORY_HARASSMENT","threshold":"OFF"}])"},
      {R"({"cached_content":"cachedContents/x"})", "/cachedContent", R"("cachedContents/x")"},
      {R"({"generationConfig":{"mediaResolution":"MEDIA_RESOLUTION_LOW","topK":3},"temperature":1})",
       "/generationConfig", R"({"temperature":1.0,"mediaResolution":"MEDIA_RESOLUTION_LOW","topK":3})"},
      {R"({"thinking_config":{"include_thoughts":true}})", "/generationConfig/thinkingConfig",
       R"({"include_thoughts":true})"},
      {R"({"toolConfig":{"retrievalConfig":{"languageCode":"en"}}})", "/toolConfig",
       R"({"retrievalConfig":{"languageCode":"en"}})"},
      {R"({"extra_body":{"google":{"cached_content":"cachedContents/x"}}})", "/cachedContent",
       R"("cachedContents/x")"},
      {R"({"google":{"thinking_config":{"thinkingBudget":7}}})", "/generationConfig/thinkingConfig",
       R"({"thinkingBudget":7})"}};
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.hub);
    const auto sent = Encode(json::parse(one.hub));
    ASSERT_FALSE(sent.error) << sent.error->message;
    EXPECT_EQ(sent.wire.at(json::json_pointer(one.member)), json::parse(one.expected));
    EXPECT_THAT(sent.dropped, IsEmpty());
  }
}

TEST(GoogleParameters, WhatIsSaidTwiceIsRefused) {
  const struct {
    const char* hub;
    const char* path;
  } kCases[] = {
      {R"({"temperature":1,"generationConfig":{"temperature":0.5}})", "generationConfig.temperature"},
      {R"({"reasoning_effort":"low","thinking_config":{"thinkingBudget":5}})", "thinking_config"},
      {R"({"cachedContent":"a","cached_content":"b"})", "cached_content"},
      {R"({"generation_config":{"topK":1,"top_k":2}})", "generation_config.top_k"}};
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.hub);
    const auto sent = Encode(json::parse(one.hub));
    ASSERT_TRUE(sent.error);
    EXPECT_EQ(sent.error->code, "conflicting_parameters");
    EXPECT_EQ(sent.error->param, one.path);
  }
}

TEST(GoogleParameters, OtherMembersBesideGooglesAreNamed) {
  const auto sent = Encode(json::parse(R"({"extra_body":{"google":{"novel":1},"other":2}})"));
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_THAT(sent.dropped, ElementsAre("extra_body.google.novel", "extra_body.other"));
}

}  // namespace
}  // namespace portolan::providers::gemini
