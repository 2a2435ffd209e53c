// Guardrails that ask the network, on whole calls: webhooks, logs, tokens and URLs. What is posted and
// answered is Portkey's (https://portkey.ai/docs/product/guardrails/bring-your-own-guardrails); what comes of
// it is docs/guardrails.md's.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/support/route_caller.h"
#include "tests/support/signing_key.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::json;

constexpr char kBody[] =
    R"({"model":"m", "temperature":1,"messages":[{"role":"system","content":"be kind"},{"role":"user","content":"hi"}]})";
constexpr char kAsksForStream[] =
    R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})";
constexpr char kYes[] = R"({"verdict":true})";
constexpr char kNo[] = R"({"verdict":false,"data":{"why":"rude"}})";

Script Says(const std::string& json) { return RespondJson(200, json); }

std::string Replacing(const std::string& place, const Json& by) {
  return Json{{"verdict", true}, {"transformedData", {{place, {{"json", by}}}}}}.dump();
}

class NetworkGuardrails : public ::testing::Test {
 protected:
  std::string Target(const std::string& hooks) { return TargetOf(upstream_, "openai", hooks); }
  // `,"input_guardrails":[{"webhook":{…}…}]`; `more`: parameters, `rest`: of the guardrail.
  std::string Hooked(const std::string& place, const std::string& more = "",
                     const std::string& rest = R"(,"deny":true)") const {
    return ",\"" + place + R"(":[{"webhook":{"webhookURL":")" + hook_.url() + R"(/check?key=q")" + more +
           "}" + rest + "}]";
  }
  TestAnswer Post(const std::string& config, const std::string& body = kBody, Headers headers = {},
                  const std::string& path = "/v1/chat/completions") const {
    headers.emplace_back("x-portolan-config", config);
    return TestClient(gateway_.http_address()).Post(path, body, headers);
  }
  void Answers(const std::string& text) {
    answer_ = [text](const SeenRequest& request) { return Answering(request, text); };
  }
  void Hears(const std::string& json) {
    verdict_ = [json](const SeenRequest&) { return Says(json); };
  }
  Json Posted(size_t index = 0) const { return Json::parse(hook_.requests().at(index).body); }

  FakeUpstream::Handler answer_ = [](const SeenRequest& request) { return Answering(request, "fine"); };
  FakeUpstream::Handler verdict_ = [](const SeenRequest&) { return Says(kYes); };
  FakeUpstream upstream_{[this](const SeenRequest& request) { return answer_(request); }};
  FakeUpstream hook_{[this](const SeenRequest& request) { return verdict_(request); }};
  GatewayFixture gateway_;
};

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
  EXPECT_THAT(answer.body, Not(HasSubstr("fine")));
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

// Streams: the whole answer is held, judged, and passed on.
TEST_F(NetworkGuardrails, AStreamIsHeldForItsVerdict) {
  const std::string plain = Post(Target(""), kAsksForStream).body;
  const TestAnswer passed = Post(Target(Hooked("output_guardrails")), kAsksForStream);
  EXPECT_EQ(passed.status, 200);
  EXPECT_EQ(passed.body, plain);
  EXPECT_EQ(Posted()["response"]["text"], "fine");
  EXPECT_EQ(Posted()["response"]["json"]["choices"][0]["message"]["content"], "fine");
  EXPECT_EQ(Posted()["request"]["isStreamingRequest"], true);

  Hears(kNo);
  const TestAnswer denied = Post(Target(Hooked("output_guardrails")), kAsksForStream);
  EXPECT_EQ(denied.status, 446);
  EXPECT_THAT(denied.body, Not(HasSubstr("fine")));

  Hears(Replacing("response", Json::parse(R"({"choices":[{"message":{"content":"FINE"}}]})")));
  const TestAnswer changed = Post(Target(Hooked("output_guardrails")), kAsksForStream);
  EXPECT_EQ(changed.status, 200);
  EXPECT_THAT(changed.body, HasSubstr("FINE"));
  EXPECT_THAT(changed.body, Not(HasSubstr("fine")));
  EXPECT_THAT(changed.body, HasSubstr("[DONE]"));
}

TEST_F(NetworkGuardrails, NothingOfAStreamLeavesBeforeItsVerdict) {
  Latch asked;
  Latch go;
  verdict_ = [&](const SeenRequest&) {
    return Script().Signal(asked).Hold(go).Send(Head(200, {{"content-length", "16"}}) + kYes);
  };
  TestClient client(gateway_.http_address());
  client.Send("POST", "/v1/chat/completions", kAsksForStream,
              {{"x-portolan-config", Target(Hooked("output_guardrails"))}});
  std::string body;
  std::thread reader([&] { body = client.ReadAnswer().body; });
  ASSERT_TRUE(asked.Wait());
  EXPECT_EQ(body, "");
  go.Release();
  reader.join();
  EXPECT_THAT(body, HasSubstr("fine"));
  EXPECT_THAT(body, HasSubstr("[DONE]"));
}

// Where nothing is denied or changed the answer leaves as it comes, and the verdict comes last.
TEST_F(NetworkGuardrails, AStreamThatIsNotDecidedIsNotHeld) {
  Answers("see " + hook_.url() + "/page ");
  Latch asked;
  Latch go;
  verdict_ = [&](const SeenRequest&) {
    return Script().Signal(asked).Hold(go).Send(Head(404, {{"content-length", "0"}}));
  };
  TestClient client(gateway_.http_address());
  client.Send("POST", "/v1/chat/completions", kAsksForStream,
              {{"x-portolan-config", Target(R"(,"output_guardrails":[{"validUrls":{}}])")},
               {"x-portolan-strict-open-ai-compliance", "false"}});
  EXPECT_EQ(client.ReadHead().status, 200);
  std::string body;
  while (body.find("/page") == std::string::npos) body += client.ReadRaw();
  ASSERT_TRUE(asked.Wait());
  EXPECT_THAT(body, Not(HasSubstr("[DONE]")));
  go.Release();
  while (body.find("[DONE]") == std::string::npos && !client.closed()) body += client.ReadRaw();
  EXPECT_THAT(body, HasSubstr(R"("after_request_hooks":[{)"));
  EXPECT_LT(body.find("after_request_hooks"), body.find("[DONE]"));
  EXPECT_EQ(hook_.requests()[0].method, "HEAD");
}

TEST_F(NetworkGuardrails, StreamsOfOtherKindsAreJudgedToo) {
  Hears(kNo);
  // Of another dialect, at its own door, made of a whole answer, and of the provider inside.
  EXPECT_EQ(Post(TargetOf(upstream_, "anthropic", Hooked("output_guardrails")), kAsksForStream).status, 446);
  EXPECT_EQ(
      Post(TargetOf(upstream_, "anthropic", Hooked("output_guardrails")),
           R"({"model":"claude","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]})",
           {{"anthropic-version", "2023-06-01"}}, "/v1/messages")
          .status,
      446);
  EXPECT_EQ(Post(R"({"provider":"echo")" + Hooked("output_guardrails") + "}", kAsksForStream).status, 446);
  answer_ = [](const SeenRequest&) {
    return RespondJson(
        200, R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,)"
             R"("message":{"role":"assistant","content":"whole"},"finish_reason":"stop"}]})");
  };
  EXPECT_EQ(Post(Target(Hooked("output_guardrails")), kAsksForStream).status, 446);
  Hears(kYes);
  const TestAnswer whole = Post(Target(Hooked("output_guardrails")), kAsksForStream);
  EXPECT_EQ(whole.status, 200);
  EXPECT_THAT(whole.body, HasSubstr("whole"));
  const TestAnswer echo = Post(R"({"provider":"echo")" + Hooked("output_guardrails") + "}", kAsksForStream);
  EXPECT_EQ(echo.status, 200);
  EXPECT_THAT(echo.body, HasSubstr("[DONE]"));
}

TEST_F(NetworkGuardrails, GrpcHasThemToo) {
  const RouteCaller caller(gateway_);
  for (const RouteCall& call : AtBothDoors({.config = Target(Hooked("output_guardrails"))})) {
    Hears(kYes);
    EXPECT_EQ(caller.Call(call).text, "fine") << Describe(call);
    Hears(kNo);
    const RouteAnswer denied = caller.Call(call);
    EXPECT_EQ(denied.code, "guardrail_denied") << Describe(call);
    EXPECT_EQ(denied.text, "") << Describe(call);
  }
  for (const RouteCall& call : AtBothDoors({.config = Target(Hooked("input_guardrails"))})) {
    EXPECT_EQ(caller.Call(call).code, "guardrail_denied") << Describe(call);
  }
}

TEST_F(NetworkGuardrails, ALogIsNotWaitedFor) {
  Latch go;
  verdict_ = [&](const SeenRequest&) { return Script().Hold(go).Send(Head(200, {{"content-length", "0"}})); };
  const std::string log = R"([{"log":{"logURL":")" + hook_.url() + R"(/log","timeout":60000},"deny":true}])";
  const TestAnswer answer = Post(Target(R"(,"input_guardrails":)" + log + R"(,"output_guardrails":)" + log));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(Json::parse(answer.body)["hook_results"]["after_request_hooks"][0]["verdict"], true);
  ASSERT_TRUE(hook_.WaitForRequests(2));
  EXPECT_THAT(hook_.requests()[0].body + hook_.requests()[1].body, HasSubstr("afterRequestHook"));
  go.Release();
}

TEST_F(NetworkGuardrails, BesideTheCallItIsAskedWhenThatIsOver) {
  Latch go;
  verdict_ = [&](const SeenRequest&) {
    return Script().Hold(go).Send(Head(200, {{"content-length", "16"}}) + kYes);
  };
  const TestAnswer answer =
      Post(Target(Hooked("output_guardrails", R"(,"timeout":60000)", R"(,"async":true)")));
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, Not(HasSubstr("hook_results")));
  ASSERT_TRUE(hook_.WaitForRequests(1));
  EXPECT_EQ(Posted()["response"]["text"], "fine");
  EXPECT_EQ(Posted()["request"]["text"], "hi");
  // Of a stream, too.
  EXPECT_THAT(Post(Target(Hooked("output_guardrails", "", R"(,"async":true)")), kAsksForStream).body,
              HasSubstr("[DONE]"));
  ASSERT_TRUE(hook_.WaitForRequests(2));
  EXPECT_EQ(Posted(1)["response"]["text"], "fine");
  go.Release();
}

TEST_F(NetworkGuardrails, UrlsMustAnswer) {
  verdict_ = [](const SeenRequest& request) { return Respond(request.target == "/there" ? 204 : 404, ""); };
  const std::string deny = R"(,"output_guardrails":[{"validUrls":{},"deny":true}])";
  Answers("see " + hook_.url() + "/there.");
  EXPECT_EQ(Post(Target(deny)).status, 200);
  Answers("see " + hook_.url() + "/there and " + hook_.url() + "/gone");
  const TestAnswer gone = Post(Target(deny));
  EXPECT_EQ(gone.status, 446);
  EXPECT_EQ(Json::parse(gone.body)["error"]["code"], "guardrail_denied");
  EXPECT_THAT(gone.body, HasSubstr("1 of 2 URLs answer"));
  Answers("see http://10.1.2.3/");
  EXPECT_EQ(Post(Target(deny)).status, 446);
  Answers("nothing to see");
  EXPECT_EQ(Post(Target(deny)).status, 446);

  const std::string names = R"(,"output_guardrails":[{"validUrls":{"onlyDNS":true},"deny":true}])";
  Answers("see http://localhost:1/ and http://127.0.0.1/x");
  EXPECT_EQ(Post(Target(names)).status, 200);
  // A name of an inner network is as good as none.
  Answers("see http://10.1.2.3/");
  EXPECT_EQ(Post(Target(names)).status, 446);
}

TEST_F(NetworkGuardrails, TokensAreCheckedByKeysThatAreFetchedOnce) {
  const SigningKey key = SigningKey::Rsa();
  Hears(KeySet(key.Jwk("k")));
  const std::string config = Target(R"(,"input_guardrails":[{"jwt":{"jwksUri":")" + hook_.url() +
                                    R"(/keys","headerKey":"X-User-Token"},"deny":true}])");
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  const std::string claims = R"({"sub":"jane","iat":)" + std::to_string(now) + "}";
  const auto call = [&](const std::string& token) {
    return Post(config, kBody, {{"x-user-token", token}}).status;
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(call("Bearer " + key.Token("RS256", "k", claims)), 200);
  EXPECT_EQ(call(key.Token("PS384", "k", claims)), 200);
  ASSERT_EQ(hook_.requests().size(), 1U);
  EXPECT_EQ(hook_.requests()[0].method, "GET");
  EXPECT_THAT(hook_.requests()[0].raw_head, Not(HasSubstr("x-user-token")));
  // Somebody else's, an old one, none at all, one without a signature.
  EXPECT_EQ(call(SigningKey::Rsa().Token("RS256", "k", claims)), 446);
  EXPECT_EQ(call(key.Token("RS256", "other", claims)), 446);
  EXPECT_EQ(call(key.Token("RS256", "k", R"({"iat":1})")), 446);
  EXPECT_EQ(call("Bearer sk-1"), 446);
  EXPECT_EQ(call(ToBase64Url(R"({"alg":"none","kid":"k"})") + "." + ToBase64Url(claims) + "."), 446);
  EXPECT_EQ(Post(config).status, 446);
  EXPECT_EQ(hook_.requests().size(), 1U);
  EXPECT_EQ(upstream_.requests().size(), 6U);
}

TEST_F(NetworkGuardrails, ManyCallsWaitForOneFetch) {
  const SigningKey key = SigningKey::Ec("P-256");
  Latch go;
  const std::string set = KeySet(key.Jwk("k"));
  verdict_ = [&](const SeenRequest&) {
    return Script().Hold(go).Send(Head(200, {{"content-length", std::to_string(set.size())}}) + set);
  };
  const std::string config =
      Target(R"(,"input_guardrails":[{"jwt":{"jwksUri":")" + hook_.url() + R"("},"deny":true}])");
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  const std::string token = "Bearer " + key.Token("ES256", "k", R"({"iat":)" + std::to_string(now) + "}");
  std::vector<std::thread> callers;
  std::vector<int> statuses(8);
  for (int& status : statuses) {
    callers.emplace_back(
        [&, out = &status] { *out = Post(config, kBody, {{"authorization", token}}).status; });
  }
  ASSERT_TRUE(hook_.WaitForRequests(1));
  go.Release();
  for (std::thread& caller : callers) caller.join();
  EXPECT_THAT(statuses, ::testing::Each(200));
  EXPECT_EQ(hook_.requests().size(), 1U);
}

TEST_F(NetworkGuardrails, KeysThatCannotBeHadAreAnError) {
  const SigningKey key = SigningKey::Ec("P-256");
  const std::string config =
      Target(R"(,"input_guardrails":[{"jwt":{"jwksUri":")" + hook_.url() + R"("},"deny":true}])");
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  const std::string token = key.Token("ES256", "k", R"({"iat":)" + std::to_string(now) + "}");
  verdict_ = [](const SeenRequest&) { return Respond(503, "down"); };
  const TestAnswer answer = Post(config, kBody, {{"authorization", token}});
  EXPECT_EQ(answer.status, 446);
  EXPECT_EQ(Json::parse(answer.body)["error"]["code"], "guardrail_error");
}

// Those of the operator's file tell callers nothing of whom they ask.
TEST_F(NetworkGuardrails, TheFilesGuardrailsKeepToThemselves) {
  const TempFolder folder;
  std::ofstream(folder.path() + "/portolan.yaml")
      << "guardrails:\n  policy:\n    webhook: {webhookURL: \"" + hook_.url() +
             "/inner\", headers: {x-token: s3cret}}\n    deny: true\ndefault_input_guardrails: [policy]\n";
  const GatewayFixture gateway = GatewayFixture::FromFile(folder.path() + "/portolan.yaml");
  const auto call = [&] {
    return TestClient(gateway.http_address())
        .Post("/v1/chat/completions", kBody, {{"x-portolan-config", Target("")}});
  };
  EXPECT_EQ(call().status, 200);
  EXPECT_EQ(hook_.requests()[0].Header("x-token"), "s3cret");
  Hears(kNo);
  const TestAnswer denied = call();
  EXPECT_EQ(denied.status, 446);
  EXPECT_THAT(denied.body, Not(HasSubstr("rude")));
  hook_.Stop();
  const TestAnswer down = call();
  EXPECT_EQ(down.status, 446);
  for (const std::string& told : {denied.body, down.body}) {
    EXPECT_THAT(told, Not(HasSubstr("127.0.0.1")));
    EXPECT_THAT(told, Not(HasSubstr("inner")));
    EXPECT_THAT(told, Not(HasSubstr("s3cret")));
  }
}

}  // namespace
}  // namespace portolan::test
