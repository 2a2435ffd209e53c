// Guardrails that ask the network: of streams, beside calls, of URLs and of tokens. What comes of it is
// docs/guardrails.md's.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/support/network_guardrails.h"
#include "tests/integration/support/route_caller.h"
#include "tests/support/signing_key.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

class AskingGuardrails : public NetworkGuardrails {};

// Streams: the whole answer is held, judged, and passed on.
TEST_F(AskingGuardrails, AStreamIsHeldForItsVerdict) {
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
  EXPECT_THAT(denied.body, Not(HasSubstr("\"fine\"")));

  Hears(Replacing("response", Json::parse(R"({"choices":[{"message":{"content":"FINE"}}]})")));
  const TestAnswer changed = Post(Target(Hooked("output_guardrails")), kAsksForStream);
  EXPECT_EQ(changed.status, 200);
  EXPECT_THAT(changed.body, HasSubstr("FINE"));
  EXPECT_THAT(changed.body, Not(HasSubstr("fine")));
  EXPECT_THAT(changed.body, HasSubstr("[DONE]"));
}

TEST_F(AskingGuardrails, NothingOfAStreamLeavesBeforeItsVerdict) {
  Latch asked;
  Latch go;
  verdict_ = [asked, go](const SeenRequest&) {
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
TEST_F(AskingGuardrails, AStreamThatIsNotDecidedIsNotHeld) {
  Answers("see " + hook_.url() + "/page ");
  Latch asked;
  Latch go;
  verdict_ = [asked, go](const SeenRequest&) {
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

TEST_F(AskingGuardrails, StreamsOfOtherKindsAreJudgedToo) {
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

TEST_F(AskingGuardrails, GrpcHasThemToo) {
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

TEST_F(AskingGuardrails, ALogIsNotWaitedFor) {
  Latch go;
  verdict_ = [go](const SeenRequest&) {
    return Script().Hold(go).Send(Head(200, {{"content-length", "0"}}));
  };
  const std::string log = R"([{"log":{"logURL":")" + hook_.url() + R"(/log","timeout":60000},"deny":true}])";
  const TestAnswer answer = Post(Target(R"(,"input_guardrails":)" + log + R"(,"output_guardrails":)" + log));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(Json::parse(answer.body)["hook_results"]["after_request_hooks"][0]["verdict"], true);
  ASSERT_TRUE(hook_.WaitForRequests(2));
  EXPECT_THAT(hook_.requests()[0].body + hook_.requests()[1].body, HasSubstr("afterRequestHook"));
  go.Release();
}

TEST_F(AskingGuardrails, BesideTheCallItIsAskedWhenThatIsOver) {
  Latch go;
  verdict_ = [go](const SeenRequest&) {
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

TEST_F(AskingGuardrails, UrlsMustAnswer) {
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

TEST_F(AskingGuardrails, TokensAreCheckedByKeysThatAreFetchedOnce) {
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

TEST_F(AskingGuardrails, ManyCallsWaitForOneFetch) {
  const SigningKey key = SigningKey::Ec("P-256");
  Latch go;
  const std::string set = KeySet(key.Jwk("k"));
  verdict_ = [go, set](const SeenRequest&) {
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

TEST_F(AskingGuardrails, KeysThatCannotBeHadAreAnError) {
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
TEST_F(AskingGuardrails, TheFilesGuardrailsKeepToThemselves) {
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
