// The PaLM API behind both doors. Requests and answers have the shapes of
// google/ai/generativelanguage/v1beta3 (discuss_service.proto, text_service.proto, safety.proto), as
// @google-ai/generativelanguage 2.9 has them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;

constexpr char kPalmAnswer[] =
    R"({"candidates":[{"author":"1","content":"Hello"}],"messages":[{"author":"user","content":"hi"}]})";
constexpr char kPalmRefusal[] =
    R"({"error":{"code":404,"message":"models/m is not found for API version v1beta3","status":"NOT_FOUND"}})";

std::string PalmTarget(const FakeUpstream& upstream) {
  return R"({"provider":"palm","custom_host":")" + upstream.url() + R"(","api_key":"key"})";
}

class Palm : public ::testing::Test {
 protected:
  TestAnswer Post(const FakeUpstream& upstream, const std::string& path, const std::string& body) const {
    return TestClient(gateway_.http_address())
        .Post(path, body, {{"x-portolan-config", PalmTarget(upstream)}});
  }

  const GatewayFixture gateway_;
  const RouteCaller caller_{gateway_};
};

std::string DroppedOf(const TestAnswer& answer) { return answer.Header("x-portolan-dropped"); }

TEST_F(Palm, ChatsAtBothDoors) {
  const FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, kPalmAnswer); });
  // What is asked to be streamed comes whole from there, and in pieces to the caller.
  for (const RouteCall& call : AtBothDoors({.config = PalmTarget(upstream)})) {
    SCOPED_TRACE(Describe(call));
    const RouteAnswer answer = caller_.Call(call);
    EXPECT_EQ(answer.status, 200) << answer.body << answer.message;
    EXPECT_EQ(answer.text, "Hello");
    EXPECT_FALSE(answer.broke);
    if (call.door == Door::kRest) EXPECT_EQ(answer.done, call.stream);
    const SeenRequest seen = upstream.requests().back();
    EXPECT_EQ(seen.target, "/v1beta3/models/m:generateMessage");
    EXPECT_EQ(seen.Header("x-goog-api-key"), "key");
    EXPECT_EQ(seen.Header("authorization"), "");
    EXPECT_EQ(Json::parse(seen.body),
              Json::parse(R"({"prompt":{"messages":[{"author":"user","content":"hi"}]}})"));
  }
}

TEST_F(Palm, ConversationsKeepTheirOrderAndSampling) {
  const FakeUpstream upstream([](const SeenRequest&) {
    return RespondJson(
        200, R"({"candidates":[{"author":"1","content":"a","citationMetadata":{"citationSources":)"
             R"([{"startIndex":0,"endIndex":1,"uri":"https://x"}]}},{"author":"1","content":"b"}]})");
  });
  const TestAnswer answer =
      Post(upstream, "/v1/chat/completions",
           R"({"model":"tunedModels/t-1","n":2,"temperature":1.5,"top_p":0.5,"top_k":7,)"
           R"("max_tokens":5,"seed":1,"user":"u","messages":[)"
           R"({"role":"system","content":"Be brief."},{"role":"user","content":"one"},)"
           R"({"role":"user","content":[{"type":"text","text":"two"}]},)"
           R"({"role":"assistant","content":"three"},)"
           R"({"role":"developer","content":"In English."},{"role":"user","content":"four"}],)"
           R"("examples":[{"input":{"content":"x"},"output":{"content":"y"}}]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const SeenRequest seen = upstream.requests().back();
  EXPECT_EQ(seen.target, "/v1beta3/tunedModels/t-1:generateMessage");
  EXPECT_EQ(
      Json::parse(seen.body),
      Json::parse(R"({"prompt":{"context":"Be brief.\n\nIn English.",)"
                  R"("examples":[{"input":{"content":"x"},"output":{"content":"y"}}],"messages":[)"
                  R"({"author":"user","content":"one\n\ntwo"},{"author":"assistant","content":"three"},)"
                  R"({"author":"user","content":"four"}]},)"
                  R"("temperature":1,"candidateCount":2,"topP":0.5,"topK":7})"));
  EXPECT_EQ(DroppedOf(answer), "temperature, seed, user, max_tokens");
  const Json body = Json::parse(answer.body);
  ASSERT_EQ(body["choices"].size(), 2u);
  EXPECT_EQ(body["choices"][1]["index"], 1);
  EXPECT_EQ(body["choices"][1]["message"]["content"], "b");
  EXPECT_EQ(body["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(body["choices"][0]["message"]["citationMetadata"]["citationSources"][0]["uri"], "https://x");
}

TEST_F(Palm, WhatItHasNotIsRefusedBeforeItIsCalled) {
  const FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, kPalmAnswer); });
  struct Case {
    const char* path;
    const char* members;
    const char* param;
  };
  const Case cases[] = {
      {"/v1/chat/completions",
       R"("messages":[{"role":"user","content":"a"}],"tools":[{"type":"function",)"
       R"("function":{"name":"f"}}])",
       "tools"},
      {"/v1/chat/completions",
       R"("messages":[{"role":"user","content":[{"type":"image_url","image_url":)"
       R"({"url":"https://x/y.png"}}]}])",
       "messages[0].content[0]"},
      {"/v1/chat/completions", R"("messages":[{"role":"tool","tool_call_id":"c","content":"a"}])",
       "messages[0].role"},
      {"/v1/chat/completions",
       R"("messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function",)"
       R"("function":{"name":"f","arguments":"{}"}}]}])",
       "messages[0].tool_calls"},
      {"/v1/chat/completions",
       R"("messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_object"})",
       "response_format"},
      {"/v1/chat/completions", R"("messages":[{"role":"user","content":"a"}],"logprobs":true)", "logprobs"},
      {"/v1/chat/completions", R"("messages":[{"role":"user","content":"a"}],"stop":"x")", "stop"},
      {"/v1/chat/completions", R"("messages":[{"role":"user","content":"a"}],"n":9)", "n"},
      {"/v1/chat/completions", R"("messages":[{"role":"user","content":"a"}],"temperature":-1)",
       "temperature"},
      {"/v1/chat/completions", R"("messages":[{"role":"system","content":"a"}])", "messages"},
      {"/v1/completions", R"("prompt":["a","b"])", "prompt"},
      {"/v1/completions", R"("prompt":[1,2])", "prompt"},
      {"/v1/completions", R"("prompt":"a","suffix":"b")", "suffix"},
      {"/v1/completions", R"("prompt":"a","echo":true)", "echo"},
      {"/v1/completions", R"("prompt":"a","logprobs":1)", "logprobs"},
      {"/v1/completions", R"("prompt":"a","stop":["1","2","3","4","5","6"])", "stop"},
      {"/v1/embeddings", R"("input":[1,2])", "input"},
      {"/v1/embeddings", R"("input":"a","dimensions":8)", "dimensions"}};
  for (const Case& one : cases) {
    const TestAnswer answer = Post(upstream, one.path, std::string(R"({"model":"m",)") + one.members + "}");
    EXPECT_EQ(answer.status, 400) << one.members << answer.body;
    EXPECT_EQ(Json::parse(answer.body)["error"]["param"], one.param) << one.members << answer.body;
  }
  EXPECT_TRUE(upstream.requests().empty());
}

// Why there is no candidate is told by the filters.
TEST_F(Palm, AnswersThatAreHeldBackHaveNoWords) {
  const FakeUpstream upstream([](const SeenRequest&) {
    return RespondJson(
        200,
        R"({"messages":[{"author":"user","content":"hi"}],"filters":[{"reason":"SAFETY","message":"No."}]})");
  });
  const TestAnswer chat =
      Post(upstream, "/v1/chat/completions", R"({"model":"m","messages":[{"role":"user","content":"a"}]})");
  ASSERT_EQ(chat.status, 200) << chat.body;
  const Json choice = Json::parse(chat.body)["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "content_filter");
  EXPECT_EQ(choice["native_finish_reason"], "SAFETY");
  EXPECT_EQ(choice["message"]["refusal"], "No.");
  EXPECT_TRUE(choice["message"]["content"].is_null());
  const TestAnswer text = Post(upstream, "/v1/completions", R"({"model":"m","prompt":"a"})");
  ASSERT_EQ(text.status, 200) << text.body;
  EXPECT_EQ(Json::parse(text.body)["choices"][0]["finish_reason"], "content_filter");
  EXPECT_EQ(Json::parse(text.body)["choices"][0]["text"], "");
}

TEST_F(Palm, ContinuesTexts) {
  const FakeUpstream upstream([](const SeenRequest&) {
    return RespondJson(200, R"({"candidates":[{"output":" upon a time","safetyRatings":[{"category":)"
                            R"("HARM_CATEGORY_TOXICITY","probability":"NEGLIGIBLE"}]}]})");
  });
  for (const bool stream : {false, true}) {
    const TestAnswer answer = Post(
        upstream, "/v1/completions",
        R"({"model":"text-bison-001","prompt":"Once","max_tokens":20,"temperature":0.5,"top_k":3,)"
        R"("stop":["a","b"],"presence_penalty":1,"safety_settings":[{"category":"HARM_CATEGORY_TOXICITY",)"
        R"("threshold":"BLOCK_NONE"}],"stream":)" +
            std::string(stream ? "true}" : "false}"));
    ASSERT_EQ(answer.status, 200) << answer.body;
    const SeenRequest seen = upstream.requests().back();
    EXPECT_EQ(seen.target, "/v1beta3/models/text-bison-001:generateText");
    EXPECT_EQ(
        Json::parse(seen.body),
        Json::parse(R"({"prompt":{"text":"Once"},"temperature":0.5,"maxOutputTokens":20,"topK":3,)"
                    R"("stopSequences":["a","b"],"safetySettings":[{"category":"HARM_CATEGORY_TOXICITY",)"
                    R"("threshold":"BLOCK_NONE"}]})"));
    EXPECT_EQ(DroppedOf(answer), "presence_penalty");
    EXPECT_THAT(answer.body, HasSubstr(" upon a time"));
    EXPECT_THAT(answer.body, HasSubstr("NEGLIGIBLE"));
    if (stream) {
      EXPECT_THAT(answer.body, HasSubstr("data: [DONE]"));
    } else {
      EXPECT_EQ(Json::parse(answer.body)["choices"][0]["finish_reason"], "stop");
    }
  }
}

// One text a call, joined.
TEST_F(Palm, EmbedsTexts) {
  const FakeUpstream upstream([](const SeenRequest& request) {
    const bool first = request.body.find("one") != std::string::npos;
    return RespondJson(200,
                       first ? R"({"embedding":{"value":[0.5,-1]}})" : R"({"embedding":{"value":[0.25,2]}})");
  });
  const TestAnswer answer =
      Post(upstream, "/v1/embeddings", R"({"model":"embedding-gecko-001","input":["one","two"],"user":"u"})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(upstream.requests().size(), 2u);
  EXPECT_EQ(upstream.requests()[0].target, "/v1beta3/models/embedding-gecko-001:embedText");
  EXPECT_EQ(upstream.requests()[0].body, R"({"text":"one"})");
  EXPECT_EQ(upstream.requests()[1].body, R"({"text":"two"})");
  const Json data = Json::parse(answer.body)["data"];
  EXPECT_EQ(data[0]["embedding"], Json({0.5, -1}));
  EXPECT_EQ(data[1]["embedding"], Json({0.25, 2}));
  EXPECT_EQ(data[1]["index"], 1);
}

TEST_F(Palm, ErrorsAreToldInTheCallersWords) {
  for (const bool as_answer : {false, true}) {
    const FakeUpstream upstream(
        [as_answer](const SeenRequest&) { return RespondJson(as_answer ? 200 : 404, kPalmRefusal); });
    for (const RouteCall& call : AtBothDoors({.config = PalmTarget(upstream)})) {
      SCOPED_TRACE(Describe(call));
      const RouteAnswer answer = caller_.Call(call);
      EXPECT_EQ(answer.status, 404);
      EXPECT_EQ(answer.code, "NOT_FOUND");
      EXPECT_THAT(answer.message, HasSubstr("models/m is not found for API version v1beta3"));
    }
  }
}

TEST_F(Palm, AnswersThatHoldNothingAreNoGoodOnes) {
  const FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, "{}"); });
  EXPECT_EQ(
      Post(upstream, "/v1/chat/completions", R"({"model":"m","messages":[{"role":"user","content":"a"}]})")
          .status,
      502);
  EXPECT_EQ(Post(upstream, "/v1/completions", R"({"model":"m","prompt":"a"})").status, 502);
  EXPECT_EQ(Post(upstream, "/v1/embeddings", R"({"model":"m","input":"a"})").status, 502);
}

}  // namespace
}  // namespace portolan::test
