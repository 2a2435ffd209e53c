// Webhooks on whole calls. What is posted and answered is Portkey's
// (https://portkey.ai/docs/product/guardrails/bring-your-own-guardrails); what comes of it is
// docs/guardrails.md's.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/integration/support/network_guardrails.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::json;

TEST_F(NetworkGuardrails, AWebhookDeniesARequest) {
  Hears(kNo);
  const TestAnswer answer =
      Post(Target(Hooked("input_guardrails", R"(,"headers":{"X-Secret":"s3"})")), kBody,
           {{"authorization", "Bearer caller-key"}, {"x-portolan-metadata", R"({"team":"a"})"}});
  EXPECT_EQ(answer.status, 446);
  const Json body = Json::parse(answer.body);
  EXPECT_EQ(body["error"]["code"], "guardrail_denied");
  const Json& check = body["hook_results"]["before_request_hooks"][0]["checks"][0];
  EXPECT_EQ(check["id"], "default.webhook");
  EXPECT_EQ(check["verdict"], false);
  EXPECT_EQ(check["data"]["responseData"]["why"], "rude");
  EXPECT_THAT(upstream_.requests(), IsEmpty());

  ASSERT_EQ(hook_.requests().size(), 1U);
  const SeenRequest asked = hook_.requests()[0];
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.target, "/check?key=q");
  EXPECT_EQ(asked.Header("content-type"), "application/json");
  EXPECT_EQ(asked.Header("x-secret"), "s3");
  // Nothing of the call's headers.
  EXPECT_EQ(asked.Header("authorization"), "");
  EXPECT_THAT(asked.raw_head, Not(HasSubstr("portolan-config")));
  EXPECT_THAT(asked.raw_head + asked.body, Not(HasSubstr("caller-key")));
  Json told = Posted();
  EXPECT_EQ(told["request"]["json"], Json::parse(kBody));
  EXPECT_EQ(told["request"]["text"], "hi");
  EXPECT_EQ(told["response"]["json"], Json::object());
  EXPECT_EQ(told["provider"], "openai");
  EXPECT_EQ(told["requestType"], "chatComplete");
  EXPECT_EQ(told["metadata"]["team"], "a");
  EXPECT_EQ(told["eventType"], "beforeRequestHook");
}

TEST_F(NetworkGuardrails, AWebhookPassesARequestAsItCame) {
  const TestAnswer answer = Post(Target(Hooked("input_guardrails")));
  EXPECT_EQ(answer.status, 200);
  ASSERT_EQ(upstream_.requests().size(), 1U);
  EXPECT_EQ(upstream_.requests()[0].body, kBody);
  EXPECT_EQ(Json::parse(answer.body)["hook_results"]["before_request_hooks"][0]["verdict"], true);
}

TEST_F(NetworkGuardrails, AWebhookDeniesAnAnswer) {
  Hears(kNo);
  const TestAnswer answer = Post(Target(Hooked("output_guardrails")));
  EXPECT_EQ(answer.status, 446);
  EXPECT_THAT(answer.body, Not(HasSubstr("\"fine\"")));
  const Json told = Posted();
  EXPECT_EQ(told["eventType"], "afterRequestHook");
  EXPECT_EQ(told["response"]["json"]["choices"][0]["message"]["content"], "fine");
  EXPECT_EQ(told["response"]["text"], "fine");
  EXPECT_EQ(told["response"]["statusCode"], 200);
  // And of the request as it went to the target.
  EXPECT_EQ(told["request"]["json"], Json::parse(kBody));
  EXPECT_EQ(told["request"]["text"], "hi");
  // Without deny it tells.
  EXPECT_EQ(Post(Target(Hooked("output_guardrails", "", ""))).status, 246);
}

TEST_F(NetworkGuardrails, ADenialFallsBack) {
  Hears(kNo);
  const FakeUpstream second([](const SeenRequest& request) { return Answering(request, "second"); });
  const TestAnswer answer = Post(R"({"strategy":{"mode":"fallback"},"targets":[)" +
                                 Target(Hooked("input_guardrails")) + "," + TargetOf(second) + "]}");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("second"));
  EXPECT_THAT(upstream_.requests(), IsEmpty());
}

TEST_F(NetworkGuardrails, AWebhookMayChangeTheRequest) {
  // What has been decided before stays: the model, and whether it is a stream.
  Hears(Replacing("request", Json::parse(R"({"model":"other","stream":true,"top_p":0.5,)"
                                         R"("messages":[{"role":"user","content":"HI"}]})")));
  const TestAnswer answer = Post(Target(Hooked("input_guardrails")));
  EXPECT_EQ(answer.status, 200);
  ASSERT_EQ(upstream_.requests().size(), 1U);
  EXPECT_EQ(Json::parse(upstream_.requests()[0].body),
            Json::parse(R"({"model":"m","top_p":0.5,"messages":[{"role":"user","content":"HI"}]})"));
  EXPECT_EQ(Json::parse(answer.body)["hook_results"]["before_request_hooks"][0]["transformed"], true);
}

TEST_F(NetworkGuardrails, ChangesReachProvidersOfAnotherDialectAndWhatIsRelayed) {
  Hears(Replacing("request", Json::parse(R"({"model":"m","messages":[{"role":"user","content":"HI"}]})")));
  EXPECT_EQ(Post(TargetOf(upstream_, "anthropic", Hooked("input_guardrails"))).status, 200);
  EXPECT_THAT(upstream_.requests().back().body, HasSubstr("HI"));
  EXPECT_THAT(upstream_.requests().back().body, Not(HasSubstr("be kind")));

  answer_ = [](const SeenRequest&) { return RespondJson(200, R"({"id":"r","output":[]})"); };
  Hears(Replacing("request", Json::parse(R"({"model":"m","input":"HI"})")));
  const TestAnswer relayed = Post(Target(Hooked("input_guardrails")),
                                  R"({"model":"m","input":"hi","store":false})", {}, "/v1/responses");
  EXPECT_EQ(relayed.status, 200);
  EXPECT_EQ(Json::parse(upstream_.requests().back().body), Json::parse(R"({"model":"m","input":"HI"})"));
  EXPECT_EQ(Posted(1)["requestType"], "createModelResponse");
}

TEST_F(NetworkGuardrails, AWebhookMayChangeTheAnswer) {
  Hears(Replacing("response", Json::parse(R"({"id":"x","object":"chat.completion","created":1,"model":"m",)"
                                          R"("choices":[{"index":0,"message":{"role":"assistant",)"
                                          R"("content":"FINE"},"finish_reason":"stop"}]})")));
  const Json body = Json::parse(Post(Target(Hooked("output_guardrails"))).body);
  EXPECT_EQ(body["choices"][0]["message"]["content"], "FINE");
  EXPECT_EQ(body["id"], "x");
  EXPECT_EQ(body["hook_results"]["after_request_hooks"][0]["transformed"], true);
}

TEST_F(NetworkGuardrails, WhatARequestCannotBeIsAnError) {
  Hears(Replacing("request", Json::parse(R"({"messages":"none"})")));
  const TestAnswer answer = Post(Target(Hooked("input_guardrails")));
  EXPECT_EQ(answer.status, 446);
  EXPECT_EQ(Json::parse(answer.body)["error"]["code"], "guardrail_error");
  EXPECT_THAT(upstream_.requests(), IsEmpty());
}

TEST_F(NetworkGuardrails, WhatIsRedactedBeforeIsNotTold) {
  Post(Target(R"(,"input_guardrails":[{"checks":[{"id":"regexReplace","parameters":{"rule":"hi"}},)"
              R"({"id":"webhook","parameters":{"webhookURL":")" +
              hook_.url() + R"("}}]}])"));
  EXPECT_EQ(Posted()["request"]["text"], "[REDACTED]");
  EXPECT_EQ(Posted()["request"]["isTransformed"], true);
}

TEST_F(NetworkGuardrails, WhoeverCannotAnswerFails) {
  const FakeUpstream elsewhere([](const SeenRequest&) { return Says(kYes); });
  struct Case {
    std::string why;
    FakeUpstream::Handler verdict;
    std::string says;
  };
  const std::vector<Case> cases = {
      {"a redirect is not followed",
       [&](const SeenRequest&) { return Respond(302, "", {{"location", elsewhere.url() + "/"}}); }, "302"},
      {"an error", [](const SeenRequest&) { return RespondJson(500, kYes); }, "500"},
      {"no JSON", [](const SeenRequest&) { return Says("<html>"); }, "no JSON"},
      {"no verdict", [](const SeenRequest&) { return Says("{}"); }, "no verdict"},
      {"no boolean", [](const SeenRequest&) { return Says(R"({"verdict":"yes"})"); }, "no verdict"},
      {"too large",
       [](const SeenRequest&) {
         return Says(R"({"verdict":true,"x":")" + std::string(1 << 20, 'x') + "\"}");
       },
       "too long"},
      {"no HTTP", [](const SeenRequest&) { return Script().Send("220 mail.example\r\n").Close(); },
       "no HTTP"},
      {"cut off",
       [](const SeenRequest&) { return Script().Send(Head(200, {{"content-length", "99"}})).CutOff(); },
       "closed"},
      {"silent", [](const SeenRequest&) { return Script().Stall(); }, "in time"},
      {"silent in the body",
       [](const SeenRequest&) { return Script().Send(Head(200, {{"content-length", "99"}})).Stall(); },
       "in time"},
  };
  for (const Case& one : cases) {
    verdict_ = one.verdict;
    const TestAnswer answer = Post(Target(Hooked("input_guardrails", R"(,"timeout":300)")));
    EXPECT_EQ(answer.status, 446) << one.why;
    const Json body = Json::parse(answer.body);
    EXPECT_EQ(body["error"]["code"], "guardrail_error") << one.why;
    EXPECT_EQ(body["error"]["portolan"]["class"], "gateway") << one.why;
    const Json& check = body["hook_results"]["before_request_hooks"][0]["checks"][0];
    EXPECT_THAT(check["error"]["message"].get<std::string>(), HasSubstr(one.says)) << one.why;
    EXPECT_EQ(check["fail_on_error"], true);
  }
  EXPECT_THAT(elsewhere.requests(), IsEmpty());
  EXPECT_THAT(upstream_.requests(), IsEmpty());
  hook_.Stop();
  const TestAnswer refused = Post(Target(Hooked("input_guardrails")));
  EXPECT_EQ(refused.status, 446);
  EXPECT_THAT(refused.body, HasSubstr("it refuses connections"));
  // Unless it says that this passes.
  EXPECT_EQ(Post(Target(Hooked("input_guardrails", R"(,"failOnError":false)"))).status, 200);
}

// Only addresses that callers may name.
TEST_F(NetworkGuardrails, CallersReachNoInnerAddresses) {
  for (const char* const url :
       {"http://169.254.169.254/latest", "http://10.1.2.3", "http://[fd00::1]:80/x"}) {
    const TestAnswer answer = Post(Target(R"(,"input_guardrails":[{"webhook":{"webhookURL":")" +
                                          std::string(url) + R"("},"deny":true}])"));
    EXPECT_EQ(answer.status, 446) << url;
    EXPECT_EQ(Json::parse(answer.body)["error"]["code"], "guardrail_error");
    EXPECT_THAT(answer.body, HasSubstr("not one that callers may name")) << url;
  }
  EXPECT_THAT(upstream_.requests(), IsEmpty());
}

TEST_F(NetworkGuardrails, MistakesAreToldBeforeAnybodyIsAsked) {
  const TestAnswer answer =
      Post(Target(R"(,"input_guardrails":[{"webhook":{"webhookURL":"http://u:p@h/"}}])"));
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(Json::parse(answer.body)["error"]["code"], "invalid_config");
  EXPECT_THAT(answer.body, HasSubstr("webhookURL"));
  EXPECT_THAT(answer.body, Not(HasSubstr("u:p")));
  EXPECT_THAT(hook_.requests(), IsEmpty());
}

TEST_F(NetworkGuardrails, ACallThatRunsOutOfTimeEnds) {
  verdict_ = [](const SeenRequest&) { return Script().Stall(); };
  const std::string hook = Hooked("input_guardrails", R"(,"timeout":60000)");
  const TestAnswer answer = Post(Target(hook), kBody, {{"x-portolan-request-timeout", "200"}});
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(Json::parse(answer.body)["error"]["code"], "request_timeout");
  EXPECT_TRUE(hook_.WaitForClientToLeave(1));
}

TEST_F(NetworkGuardrails, ACallerWhoLeavesTakesTheQuestionsAlong) {
  verdict_ = [](const SeenRequest&) { return Script().Stall(); };
  const std::string one =
      R"({"id":"webhook","parameters":{"webhookURL":")" + hook_.url() + R"(","timeout":60000}})";
  TestClient client(gateway_.http_address());
  client.Send("POST", "/v1/chat/completions", kBody,
              {{"x-portolan-config",
                Target(R"(,"input_guardrails":[{"deny":true,"checks":[)" + one + "," + one + "]}]")}});
  // Both at once.
  ASSERT_TRUE(hook_.WaitForRequests(2));
  client.Close();
  EXPECT_TRUE(hook_.WaitForClientToLeave(1));
  EXPECT_TRUE(hook_.WaitForClientToLeave(2));
  EXPECT_THAT(upstream_.requests(), IsEmpty());
}

}  // namespace
}  // namespace portolan::test
