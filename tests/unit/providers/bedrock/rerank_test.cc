// Reranking by InvokeModel. Requests and answers are those of a recording of cohere.rerank-v3-5; Amazon's own
// model takes and gives the same, but for the version of Cohere's API.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/providers/bedrock/harness.h"

namespace portolan::providers::bedrock {
namespace {

using nlohmann::json;
using testing::ElementsAre;

constexpr char kCohere[] = "cohere.rerank-v3-5:0";
constexpr char kAmazon[] = "amazon.rerank-v1:0";

const Harness& TheHarness() {
  static const Harness harness;
  return harness;
}

TEST(BedrockRerank, TheModelsNameTellsThatItReranks) {
  for (const char* const id :
       {kCohere, kAmazon, "arn:aws:bedrock:us-west-2::foundation-model/amazon.rerank-v1:0"}) {
    const Form* const form = TheHarness().FormOf(operation::kRerank, id);
    ASSERT_NE(form, nullptr) << id;
    EXPECT_EQ(form->path, "/model/{model}/invoke");
    EXPECT_EQ(TheHarness().FormOf(operation::kChat, id), nullptr);
    EXPECT_EQ(TheHarness().FormOf(operation::kEmbedding, id), nullptr);
  }
  EXPECT_EQ(TheHarness().FormOf(operation::kRerank, "cohere.embed-v4:0"), nullptr);
  EXPECT_EQ(TheHarness().FormOf(operation::kRerank, "us.amazon.nova-2-lite-v1:0"), nullptr);
}

TEST(BedrockRerank, Requests) {
  json hub = {
      {"query", "q"}, {"documents", {"a", json({{"text", "b"}})}}, {"top_n", 1}, {"return_documents", true}};
  hub["model"] = kCohere;
  const auto cohere = TheHarness().EncodeFor(operation::kRerank, hub);
  ASSERT_FALSE(cohere.error) << cohere.error->message;
  EXPECT_EQ(cohere.wire, json::parse(R"({"query":"q","documents":["a","b"],"top_n":1,"api_version":2})"));
  EXPECT_THAT(cohere.dropped, ElementsAre("return_documents"));
  hub["model"] = kAmazon;
  EXPECT_EQ(TheHarness().EncodeFor(operation::kRerank, hub).wire,
            json::parse(R"({"query":"q","documents":["a","b"],"top_n":1})"));
  hub.erase("documents");
  const auto nothing = TheHarness().EncodeFor(operation::kRerank, hub);
  ASSERT_TRUE(nothing.error);
  EXPECT_EQ(nothing.error->http_status, 400);
  EXPECT_EQ(nothing.error->param, "documents");
}

TEST(BedrockRerank, Answers) {
  CallFacts facts;
  facts.operation = operation::kRerank;
  facts.model = kAmazon;
  const auto answer = TheHarness().DecodeFor(
      facts, R"({"results":[{"index":2,"relevance_score":0.5},{"index":0,"relevance_score":0.25}]})");
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(answer.hub, json::parse(R"({"model":"amazon.rerank-v1:0","results":[
      {"index":2,"relevance_score":0.5},{"index":0,"relevance_score":0.25}]})"));
  const auto nothing = TheHarness().DecodeFor(facts, "{}");
  ASSERT_TRUE(nothing.error);
  EXPECT_EQ(nothing.error->http_status, 502);
}

}  // namespace
}  // namespace portolan::providers::bedrock
