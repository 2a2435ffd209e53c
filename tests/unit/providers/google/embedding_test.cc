// Embeddings.

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

CallFacts Facts(std::string_view model = "gemini-embedding-001") {
  CallFacts facts;
  facts.operation = operation::kEmbedding;
  facts.model = model;
  return facts;
}

Harness::Request Encode(std::string_view hub) { return TheHarness().EncodeText(hub, Facts()); }

TEST(GoogleEmbeddings, EveryTextNamesTheModel) {
  for (const char* model : {"gemini-embedding-001", "models/gemini-embedding-001"}) {
    const auto sent = Encode(json{{"model", model}, {"input", {"a", "b"}}, {"dimensions", 768}}.dump());
    ASSERT_FALSE(sent.error) << sent.error->message;
    EXPECT_EQ(sent.wire, json::parse(R"({"requests":[
        {"model":"models/gemini-embedding-001","content":{"parts":[{"text":"a"}]},"outputDimensionality":768},
        {"model":"models/gemini-embedding-001","content":{"parts":[{"text":"b"}]},"outputDimensionality":768}]})"));
    EXPECT_THAT(sent.dropped, IsEmpty());
  }
}

TEST(GoogleEmbeddings, OwnMembersAndOthers) {
  const auto sent = Encode(R"({"model":"m","input":"a","task_type":"RETRIEVAL_QUERY","user":"u","novel":1,
      "encoding_format":"base64"})");
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.wire["requests"][0]["taskType"], "RETRIEVAL_QUERY");
  EXPECT_THAT(sent.dropped, ElementsAre("novel", "user"));
}

TEST(GoogleEmbeddings, WhatCannotBeEmbedded) {
  const json many(101, "a");
  for (const json& input : {json::array({1, 2}), json{{1, 2}, {3}}, many, json::array()}) {
    const auto sent = Encode(json{{"model", "m"}, {"input", input}}.dump());
    ASSERT_TRUE(sent.error) << input.dump().substr(0, 40);
    EXPECT_EQ(sent.error->http_status, 400);
    EXPECT_EQ(sent.error->param, "input");
  }
  const json most(100, "a");
  EXPECT_FALSE(Encode(json{{"model", "m"}, {"input", most}}.dump()).error);
}

constexpr std::string_view kAnswer = R"({"embeddings":[{"values":[0.5,-1]},{"values":[2,0.25]}],
    "usageMetadata":{"promptTokenCount":4}})";

TEST(GoogleEmbeddings, Floats) {
  const auto answer = TheHarness().DecodeOperation(kAnswer, Facts());
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(answer.hub, json::parse(R"({"object":"list","model":"gemini-embedding-001","data":[
      {"object":"embedding","index":0,"embedding":[0.5,-1.0]},
      {"object":"embedding","index":1,"embedding":[2.0,0.25]}],
      "usage":{"prompt_tokens":4,"total_tokens":4}})"));
}

// Python: base64.b64encode(struct.pack("<2f", 0.5, -1)).
TEST(GoogleEmbeddings, Base64) {
  CallFacts facts = Facts();
  facts.base64 = true;
  const auto answer = TheHarness().DecodeOperation(kAnswer, facts);
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(answer.hub["data"][0]["embedding"], "AAAAPwAAgL8=");
  EXPECT_EQ(answer.hub["data"][1]["embedding"], "AAAAQAAAgD4=");
}

TEST(GoogleEmbeddings, NoEmbeddingsIsNoAnswer) {
  for (const char* text : {"{}", R"({"embeddings":[]})"}) {
    const auto answer = TheHarness().DecodeOperation(text, Facts());
    ASSERT_TRUE(answer.error);
    EXPECT_EQ(answer.error->http_status, 502);
  }
  const auto answer =
      TheHarness().DecodeOperation(R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}})", Facts());
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->http_status, 429);
}

}  // namespace
}  // namespace portolan::providers::gemini
