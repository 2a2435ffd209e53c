// Embeddings: POST /v2/embed. What is sent has the form of V2EmbedRequest in cohere-ai, against whose types
// tests/conformance/cohere_schema checks it; answers are those of recordings, cut short.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/providers/cohere/harness.h"

namespace portolan::providers::cohere {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

Harness::Request Encode(const char* hub) {
  return TheHarness().Encode(json::parse(hub), {.operation = operation::kEmbedding});
}
Harness::Answer Decode(std::string_view wire, bool base64 = false) {
  return TheHarness().Decode(wire,
                             {.operation = operation::kEmbedding, .model = "embed-v4.0", .base64 = base64});
}

TEST(CohereEmbedding, SendsTexts) {
  const auto one = Encode(R"({"model":"embed-v4.0","input":"a"})");
  ASSERT_FALSE(one.error) << one.error->message;
  EXPECT_EQ(one.wire, json::parse(R"({"model":"embed-v4.0","texts":["a"],"input_type":"search_document",
                                      "embedding_types":["float"]})"));
  EXPECT_THAT(one.dropped, IsEmpty());
  const auto all = Encode(R"({"model":"embed-v4.0","input":["a","b"],"dimensions":512,"user":"u",
      "input_type":"search_query","truncate":"END","max_tokens":100,"priority":1,"embedding_types":["int8"],"novel":1})");
  ASSERT_FALSE(all.error) << all.error->message;
  EXPECT_EQ(all.wire, json::parse(R"({"model":"embed-v4.0","texts":["a","b"],"input_type":"search_query",
      "embedding_types":["int8"],"output_dimension":512,"truncate":"END","max_tokens":100,"priority":1})"));
  EXPECT_THAT(all.dropped, testing::UnorderedElementsAre("user", "novel"));
}

TEST(CohereEmbedding, SendsImagesInCoheresOwnWords) {
  const auto sent =
      Encode(R"({"model":"embed-v4.0","input_type":"image","images":["data:image/png;base64,AA=="]})");
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.wire.at("images").at(0), "data:image/png;base64,AA==");
  EXPECT_FALSE(sent.wire.contains("texts"));
}

TEST(CohereEmbedding, RefusesWhatItCannotSend) {
  json many = {{"input", json::array()}};
  for (int i = 0; i < 97; ++i) many["input"].push_back("a");
  for (const auto& [hub, param] :
       {std::pair<std::string, const char*>{R"({"input":[1,2]})", "input"},
        {R"({"input":[]})", "input"},
        {R"({})", "input"},
        {many.dump(), "input"},
        {R"({"input":"a","input_type":3})", "input_type"},
        {R"({"input":"a","embedding_types":["float","int8"]})", "embedding_types"}}) {
    const auto sent = Encode(hub.c_str());
    ASSERT_TRUE(sent.error) << hub;
    EXPECT_EQ(sent.error->http_status, 400);
    EXPECT_EQ(sent.error->param, param);
  }
}

TEST(CohereEmbedding, ReadsVectors) {
  constexpr char kAnswer[] = R"({"id":"b718","texts":["a","b"],"embeddings":{"float":[[0.5,-1.25],[2,0]]},
      "meta":{"api_version":{"version":"2"},"billed_units":{"input_tokens":7,"image_tokens":0}},
      "response_type":"embeddings_by_type"})";
  const auto answer = Decode(kAnswer);
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(answer.hub.at("object"), "list");
  EXPECT_EQ(answer.hub.at("model"), "embed-v4.0");
  EXPECT_EQ(answer.hub.at("data"), json::parse(R"([{"object":"embedding","index":0,"embedding":[0.5,-1.25]},
                                                   {"object":"embedding","index":1,"embedding":[2.0,0.0]}])"));
  EXPECT_EQ(answer.hub.at("usage"), json({{"prompt_tokens", 7}, {"total_tokens", 7}}));
  // Little-endian floats of 32 bits: 0000003f 0000a0bf.
  const auto base64 = Decode(kAnswer, true);
  ASSERT_FALSE(base64.error);
  EXPECT_EQ(base64.hub.at("data").at(0).at("embedding"), "AAAAPwAAoL8=");
}

TEST(CohereEmbedding, ReadsOtherTypes) {
  const auto bytes = Decode(R"({"embeddings":{"int8":[[1,-2]]}})", true);
  ASSERT_FALSE(bytes.error);
  EXPECT_EQ(bytes.hub.at("data").at(0).at("embedding"), json({1, -2}));
  // Nobody has counted, and clients look for a count.
  EXPECT_EQ(bytes.hub.at("usage"), json::parse(R"({"prompt_tokens":0,"total_tokens":0})"));
  const auto base64 = Decode(R"({"embeddings":{"base64":["AAAAPw=="]}})");
  ASSERT_FALSE(base64.error);
  EXPECT_EQ(base64.hub.at("data").at(0).at("embedding"), "AAAAPw==");
}

TEST(CohereEmbedding, WhatIsNoAnswer) {
  const auto answer = Decode(R"({"message":"x"})");
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->http_status, 502);
  EXPECT_EQ(answer.error->code, "upstream_invalid_answer");
}

}  // namespace
}  // namespace portolan::providers::cohere
