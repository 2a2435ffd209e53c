// Embeddings of Hugging Face: at its router in words of its own, elsewhere in OpenAI's. The request is what
// @huggingface/inference 4.13 sends for `featureExtraction` (providers/hf-inference.js), answers are those of
// its tests' recordings and of text-embeddings-inference.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "providers/catalog.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using Json = nlohmann::json;

// A catalog whose router is the test's own.
providers::Catalog WithRouter(const std::string& url) {
  providers::Catalog catalog = providers::BuiltInCatalog();
  for (providers::Provider& provider : catalog.providers) {
    if (provider.name == "huggingface") provider.base_url = url + "/v1";
  }
  return catalog;
}

class HuggingFace : public ::testing::Test {
 protected:
  TestAnswer Embed(const std::string& body, Headers headers = {}) const {
    headers.emplace_back("x-portolan-provider", "huggingface");
    headers.emplace_back("authorization", "Bearer hf_key");
    return TestClient(gateway_.http_address()).Post("/v1/embeddings", body, headers);
  }

  // What the router answers from now on.
  void Answers(FakeUpstream::Handler answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }

  std::mutex mutex_;
  FakeUpstream::Handler answer_ = [](const SeenRequest& request) {
    Json vectors = Json::array();
    const Json inputs = Json::parse(request.body)["inputs"];
    for (const Json& text : inputs) vectors.push_back({text.get<std::string>().size(), 0.5});
    return RespondJson(200, vectors.dump());
  };
  const FakeUpstream router_{[this](const SeenRequest& request) {
    const std::lock_guard lock(mutex_);
    return answer_(request);
  }};
  const GatewayFixture gateway_{{}, {}, WithRouter(router_.url())};
};

TEST_F(HuggingFace, EmbedsAtTheRouter) {
  const TestAnswer answer =
      Embed(R"({"model":"intfloat/multilingual-e5-large","input":["a","bcd"],"user":"u",)"
            R"("normalize":true,"prompt_name":"query","novel":1})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(router_.requests().size(), 1u);
  const SeenRequest seen = router_.requests()[0];
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/hf-inference/models/intfloat/multilingual-e5-large/pipeline/feature-extraction");
  EXPECT_EQ(seen.Header("authorization"), "Bearer hf_key");
  EXPECT_EQ(Json::parse(seen.body),
            Json::parse(R"({"inputs":["a","bcd"],"normalize":true,"prompt_name":"query"})"));
  EXPECT_EQ(answer.Header("x-portolan-dropped"), "user, novel");
  const Json body = Json::parse(answer.body);
  EXPECT_EQ(body["object"], "list");
  EXPECT_EQ(body["model"], "intfloat/multilingual-e5-large");
  ASSERT_EQ(body["data"].size(), 2u);
  EXPECT_EQ(body["data"][0]["embedding"], Json({1, 0.5}));
  EXPECT_EQ(body["data"][1]["embedding"], Json({3, 0.5}));
  EXPECT_EQ(body["data"][1]["index"], 1);
}

// As the recording has it of one text: its vector alone. Little-endian 32-bit floats are what OpenAI's base64
// is.
TEST_F(HuggingFace, OneVectorMayComeAlone) {
  Answers([](const SeenRequest&) { return RespondJson(200, "[1.0,-2.0]"); });
  TestAnswer answer =
      Embed(R"({"model":"sentence-transformers/distilbert-base-nli-mean-tokens","input":"a"})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Json::parse(answer.body)["data"][0]["embedding"], Json({1.0, -2.0}));
  answer = Embed(R"({"model":"m/m","input":"a","encoding_format":"base64"})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Json::parse(answer.body)["data"][0]["embedding"], "AACAPwAAAMA=");
}

TEST_F(HuggingFace, ManyTextsGoInParts) {
  Json texts = Json::array();
  for (int i = 0; i < 33; ++i) texts.push_back(std::string(static_cast<size_t>(i) + 1, 'x'));
  const TestAnswer answer = Embed(Json({{"model", "m/m"}, {"input", texts}}).dump());
  ASSERT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(router_.requests().size(), 2u);
  EXPECT_EQ(Json::parse(router_.requests()[0].body)["inputs"].size(), 32u);
  const Json data = Json::parse(answer.body)["data"];
  ASSERT_EQ(data.size(), 33u);
  EXPECT_EQ(data[32]["embedding"][0], 33);
  EXPECT_EQ(data[32]["index"], 32);
}

TEST_F(HuggingFace, WhatItHasNotIsRefusedBeforeItIsCalled) {
  for (const char* members : {R"("input":[1,2])", R"("input":"a","dimensions":8)", R"("input":[])"}) {
    const TestAnswer answer = Embed(std::string(R"({"model":"m/m",)") + members + "}");
    EXPECT_EQ(answer.status, 400) << members << answer.body;
  }
  EXPECT_TRUE(router_.requests().empty());
}

TEST_F(HuggingFace, AnswersThatHoldNoVectorsAreNoGoodOnes) {
  for (const char* body : {"[]", "[[]]", "{}", "[[[0.5]]]", R"(["a"])", "null"}) {
    Answers([body](const SeenRequest&) { return RespondJson(200, body); });
    const TestAnswer answer = Embed(R"({"model":"m/m","input":"a"})");
    EXPECT_EQ(answer.status, 502) << body << answer.body;
  }
  Answers([](const SeenRequest&) { return RespondJson(404, R"({"error":"Model m/m does not exist"})"); });
  const TestAnswer refused = Embed(R"({"model":"m/m","input":"a"})");
  EXPECT_EQ(refused.status, 404);
  EXPECT_THAT(refused.body, ::testing::HasSubstr("Model m/m does not exist"));
}

// Chat, models and whatever is relayed stay where they are.
TEST_F(HuggingFace, TheRestIsOpenAis) {
  Answers([](const SeenRequest& request) {
    if (request.method == "GET") return RespondJson(200, R"({"object":"list","data":[]})");
    return RespondJson(
        200, R"({"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,)"
             R"("message":{"role":"assistant","content":"a"},"finish_reason":"stop"}]})");
  });
  const Headers headers = {{"x-portolan-provider", "huggingface"}, {"authorization", "Bearer hf_key"}};
  TestClient(gateway_.http_address())
      .Post("/v1/chat/completions", R"({"model":"m/m","messages":[{"role":"user","content":"a"}]})", headers);
  EXPECT_EQ(router_.requests().back().target, "/v1/chat/completions");
  TestClient(gateway_.http_address()).Get("/v1/models", headers);
  EXPECT_EQ(router_.requests().back().target, "/v1/models");
}

// A dedicated endpoint serves OpenAI's embeddings.
TEST_F(HuggingFace, HostsOfOnesOwnAreAskedInOpenAisWords) {
  const FakeUpstream endpoint([](const SeenRequest&) {
    return RespondJson(
        200, R"({"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.5]}],)"
             R"("usage":{"prompt_tokens":1,"total_tokens":1}})");
  });
  const TestAnswer answer = Embed(R"({"model":"tei","input":"a","dimensions":8})",
                                  {{"x-portolan-custom-host", endpoint.url() + "/v1"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(endpoint.requests().back().target, "/v1/embeddings");
  EXPECT_EQ(endpoint.requests().back().body, R"({"model":"tei","input":"a","dimensions":8})");
  EXPECT_TRUE(router_.requests().empty());
}

}  // namespace
}  // namespace portolan::test
