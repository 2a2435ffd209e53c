// Reranking: POST /v2/rerank. What is sent has the form of V2RerankRequest in cohere-ai, against whose types
// tests/conformance/cohere_schema checks it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/providers/cohere/harness.h"

namespace portolan::providers::cohere {
namespace {

using nlohmann::json;
using testing::IsEmpty;

Harness::Request Encode(const char* hub) {
  return TheHarness().Encode(json::parse(hub), {.operation = operation::kRerank});
}
Harness::Answer Decode(std::string_view wire) {
  return TheHarness().Decode(wire, {.operation = operation::kRerank, .model = "rerank-v3.5"});
}

TEST(CohereRerank, SendsTexts) {
  const auto sent = Encode(R"({"model":"rerank-v3.5","query":"q","documents":["a",{"text":"b","title":"t"}],
      "top_n":1,"max_tokens_per_doc":100,"priority":2})");
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.wire, json::parse(R"({"model":"rerank-v3.5","query":"q","documents":["a","b"],"top_n":1,
      "max_tokens_per_doc":100,"priority":2})"));
  EXPECT_THAT(sent.dropped, IsEmpty());
}

// "Structured data should be formatted as YAML strings": V2RerankRequest.documents.
TEST(CohereRerank, MakesYamlOfMembers) {
  const auto sent = Encode(R"({"model":"m","query":"q","rank_fields":["title","text","pages"],"documents":[
      {"text":"b: c","title":"t","novel":1},{"pages":7}]})");
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.wire.at("documents"), json({"title: \"t\"\ntext: \"b: c\"", "pages: 7"}));
  const auto all = Encode(R"({"model":"m","query":"q","documents":[{"tags":["x"],"title":"t"}]})");
  ASSERT_FALSE(all.error) << all.error->message;
  EXPECT_EQ(all.wire.at("documents"), json({"tags: [\"x\"]\ntitle: \"t\""}));
}

TEST(CohereRerank, NamesWhatItLeavesOut) {
  const auto sent = Encode(
      R"({"model":"m","query":"q","documents":["a"],"return_documents":true,"max_chunks_per_doc":3,"novel":1})");
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_THAT(sent.dropped, testing::ElementsAre("return_documents", "max_chunks_per_doc", "novel"));
  EXPECT_THAT(Encode(R"({"model":"m","query":"q","documents":["a"],"return_documents":false})").dropped,
              IsEmpty());
}

TEST(CohereRerank, RefusesWhatIsMissing) {
  for (const auto& [hub, param] :
       {std::pair<const char*, const char*>{R"({"documents":["a"]})", "query"},
        {R"({"query":"q"})", "documents"},
        {R"({"query":"q","documents":["a",{"title":"t"}],"rank_fields":["text"]})", "documents[1]"},
        {R"({"query":"q","documents":[{}]})", "documents[0]"}}) {
    const auto sent = Encode(hub);
    ASSERT_TRUE(sent.error) << hub;
    EXPECT_EQ(sent.error->http_status, 400);
    EXPECT_EQ(sent.error->param, param);
  }
}

// As in the recording rerank-rerank-english-v3.0.
TEST(CohereRerank, ReadsTheOrder) {
  json wire = json::parse(R"({"id":"26c7","results":[{"index":3,"relevance_score":0.999071},
      {"index":4,"relevance_score":0.7779754}],"meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}}})");
  const auto answer = Decode(wire.dump());
  ASSERT_FALSE(answer.error) << answer.error->message;
  wire["model"] = "rerank-v3.5";
  EXPECT_EQ(answer.hub, wire);
  EXPECT_FALSE(Decode(R"({"id":"x","results":[]})").error);
}

TEST(CohereRerank, WhatIsNoAnswer) {
  const auto answer = Decode(R"({"message":"x"})");
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->http_status, 502);
  EXPECT_EQ(answer.error->code, "upstream_invalid_answer");
}

}  // namespace
}  // namespace portolan::providers::cohere
