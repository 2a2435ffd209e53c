// Tokens for service accounts: who fetches them, how often, and what callers are told where they cannot be
// had.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <future>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/faults/token_fault.h"
#include "tests/integration/support/route_caller.h"
#include "tests/integration/support/vertex_testing.h"
#include "tests/support/eventually.h"
#include "tests/support/service_account.h"

namespace portolan::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Metrics(VertexLab& lab) { return TestClient(lab.gateway().admin_address()).Get("/metrics").body; }

// Whether this many calls are under way.
std::string OpenCalls(int n) { return "portolan_open_calls{door=\"http\"} " + std::to_string(n) + "\n"; }

std::string Fetches(const std::string& result, int n) {
  return "portolan_token_fetches_total{result=\"" + result + "\"} " + std::to_string(n) + "\n";
}

// Answers once the latch is open.
FakeUpstream::Handler Held(const Latch& latch, const std::string& token = "token-1") {
  return [latch, token](const SeenRequest&) {
    Script script;
    script.Hold(latch);
    script.Send(
        RespondJson(200, R"({"access_token":")" + token + R"(","expires_in":3599})").steps()[0].bytes);
    return script;
  };
}

TEST(VertexTokens, AreFetchedOnceAndUsedForMany) {
  VertexLab lab(Tokens());
  const RouteCaller caller(lab.gateway());
  size_t calls = 0;
  for (RouteCall call :
       AtBothDoors({.headers = {{"x-portolan-provider", "vertex-ai"}}, .model = "gemini-2.5-flash"})) {
    const RouteAnswer answer = caller.Call(call);
    EXPECT_EQ(answer.text, "Hello") << Describe(call) << answer.body << answer.message;
    ASSERT_EQ(lab.models().requests().size(), ++calls);
    EXPECT_EQ(lab.models().requests().back().Header("authorization"), "Bearer token-1");
    EXPECT_EQ(lab.models().requests().back().CountHeader("authorization"), 1);
  }
  ASSERT_EQ(lab.tokens().requests().size(), 1u);
  const SeenRequest seen = lab.tokens().requests()[0];
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/token");
  EXPECT_EQ(seen.Header("content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(seen.CountHeader("authorization"), 0);
  EXPECT_EQ(WrongWithAssertion(seen.body, lab.token_url()), "");
  EXPECT_THAT(Metrics(lab), HasSubstr(Fetches("ok", 1)));
}

TEST(VertexTokens, FiftyCallsAtOnceFetchOne) {
  constexpr int kCalls = 50;
  const Latch latch;
  VertexLab lab(Held(latch));
  std::vector<std::future<TestAnswer>> answers;
  for (int i = 0; i < kCalls; ++i) {
    answers.push_back(std::async(std::launch::async, [&] { return AskVertex(lab.gateway()); }));
  }
  EXPECT_TRUE(Eventually([&] { return Metrics(lab); }, HasSubstr(OpenCalls(kCalls))));
  EXPECT_TRUE(lab.models().requests().empty());
  Latch(latch).Release();
  for (auto& answer : answers) EXPECT_EQ(answer.get().status, 200);
  EXPECT_EQ(lab.tokens().requests().size(), 1u);
  EXPECT_EQ(lab.models().requests().size(), static_cast<size_t>(kCalls));
}

TEST(VertexTokens, ACallerWhoLeavesDoesNotTakeThemAlong) {
  const Latch latch;
  VertexLab lab(Held(latch));
  TestClient leaves(lab.gateway().http_address());
  ASSERT_TRUE(leaves.Send("POST", "/v1/chat/completions",
                          R"({"model":"gemini-2.5-flash","messages":[{"role":"user","content":"hi"}]})",
                          {{"x-portolan-provider", "vertex-ai"}}));
  ASSERT_TRUE(lab.tokens().WaitForRequests(1));
  auto stays = std::async(std::launch::async, [&] { return AskVertex(lab.gateway()); });
  EXPECT_TRUE(Eventually([&] { return Metrics(lab); }, HasSubstr(OpenCalls(2))));
  leaves.Close();
  EXPECT_TRUE(Eventually([&] { return Metrics(lab); }, HasSubstr(OpenCalls(1))));
  Latch(latch).Release();
  EXPECT_EQ(stays.get().status, 200);
  EXPECT_EQ(lab.tokens().requests().size(), 1u);
  EXPECT_EQ(lab.models().requests().size(), 1u);
}

TEST(VertexTokens, TheCallsOwnTimeRunsWhileOneIsFetched) {
  const Latch latch;
  VertexLab lab(Held(latch));
  const TestAnswer late = AskVertex(lab.gateway(), {{"x-portolan-request-timeout", "50"}});
  EXPECT_EQ(late.status, 408);
  EXPECT_EQ(CodeOf(late), "request_timeout");
  EXPECT_THAT(late.body, HasSubstr("fetching a token"));
  EXPECT_TRUE(lab.models().requests().empty());
  // What it began is there for the next.
  Latch(latch).Release();
  EXPECT_TRUE(Eventually([&] { return Metrics(lab); }, HasSubstr(Fetches("ok", 1))));
  EXPECT_EQ(AskVertex(lab.gateway()).status, 200);
  EXPECT_EQ(lab.tokens().requests().size(), 1u);
}

class VertexTokenFaults : public ::testing::TestWithParam<faults::TokenFault> {};

TEST_P(VertexTokenFaults, AreToldAndNobodyIsCalledWithoutAToken) {
  const faults::TokenFault& fault = GetParam();
  const bool refused = fault.code == "token_refused";
  VertexLab lab(fault.tokens);
  const TestAnswer answer = AskVertex(lab.gateway());
  EXPECT_EQ(answer.status, fault.status);
  EXPECT_EQ(CodeOf(answer), fault.code);
  const json error = json::parse(answer.body)["error"];
  // The credentials are the gateway's: the caller is not at fault.
  EXPECT_EQ(error["portolan"]["class"], "provider");
  EXPECT_EQ(error["portolan"]["attempts"], 0);
  EXPECT_EQ(error["portolan"]["retryable"], !refused);
  EXPECT_FALSE(error["portolan"].contains("upstream"));
  EXPECT_THAT(error["message"].get<std::string>(), HasSubstr(fault.message));
  EXPECT_THAT(error["message"].get<std::string>(), HasSubstr(lab.tokens().host_port()));
  for (const char* const secret : {"SECRETPART", "assertion", "PRIVATE"}) {
    EXPECT_THAT(answer.body, Not(HasSubstr(secret)));
  }
  EXPECT_TRUE(lab.models().requests().empty());
  EXPECT_THAT(Metrics(lab), HasSubstr(Fetches("failed", 1)));
}

TEST_P(VertexTokenFaults, SendAFallbackToItsNextTarget) {
  const faults::TokenFault& fault = GetParam();
  VertexLab lab(fault.tokens);
  TestClient client(lab.gateway().http_address());
  const TestAnswer other = client.Post(
      "/v1/chat/completions", R"({"model":"gemini-2.5-flash","messages":[{"role":"user","content":"hi"}]})",
      {{"x-portolan-config",
        R"({"strategy":{"mode":"fallback"},"targets":[{"provider":"vertex-ai"},{"provider":"other"}]})"}});
  EXPECT_EQ(other.status, 200) << other.body;
  ASSERT_EQ(lab.models().requests().size(), 1u);
  EXPECT_EQ(lab.models().requests()[0].target, "/other/v1/chat/completions");
  EXPECT_EQ(lab.models().requests()[0].Header("authorization"), "Bearer other-key");
}

INSTANTIATE_TEST_SUITE_P(, VertexTokenFaults, ::testing::ValuesIn(faults::TokenFaults()),
                         [](const auto& info) {
                           std::string name;
                           for (const char c : info.param.name)
                             name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
                           return name;
                         });

TEST(VertexTokens, OneThatIsRefusedIsFetchedAnew) {
  VertexLab lab(Tokens(), [](const SeenRequest& request) { return AnsweringToToken(request, "token-2"); });
  const TestAnswer refused = AskVertex(lab.gateway());
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(CodeOf(refused), "UNAUTHENTICATED");
  EXPECT_EQ(AskVertex(lab.gateway()).status, 200);
  EXPECT_EQ(AskVertex(lab.gateway()).status, 200);
  EXPECT_EQ(lab.tokens().requests().size(), 2u);
}

TEST(VertexTokens, ARetryFetchesAnew) {
  VertexLab lab(Tokens(), [](const SeenRequest& request) { return AnsweringToToken(request, "token-2"); });
  TestClient client(lab.gateway().http_address());
  const TestAnswer answer = client.Post(
      "/v1/chat/completions", R"({"model":"gemini-2.5-flash","messages":[{"role":"user","content":"hi"}]})",
      {{"x-portolan-config",
        R"({"provider":"vertex-ai","retry":{"attempts":1,"base_ms":1,"on_status_codes":[401]}})"}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(lab.tokens().requests().size(), 2u);
  EXPECT_EQ(lab.models().requests().size(), 2u);
}

// The shortest that RFC 6749 can say.
TEST(VertexTokens, AShortOneServesTheCallThatWaitedForIt) {
  VertexLab lab(
      [](const SeenRequest&) { return RespondJson(200, R"({"access_token":"t","expires_in":1})"); });
  EXPECT_EQ(AskVertex(lab.gateway()).status, 200);
  EXPECT_EQ(lab.models().requests().at(0).Header("authorization"), "Bearer t");
}

TEST(VertexTokens, CallersAccountsMustNameGooglesEndpoint) {
  VertexLab lab(Tokens());
  const std::string account = ServiceAccountJson(lab.token_url());
  const std::string config =
      json{{"provider", "vertex-ai"}, {"vertex_service_account_json", json::parse(account)}}.dump();
  TestClient client(lab.gateway().http_address());
  for (const Headers& headers :
       {Headers{{"x-portolan-provider", "vertex-ai"}, {"x-portolan-vertex-service-account-json", account}},
        Headers{{"x-portkey-provider", "vertex-ai"}, {"x-portkey-vertex-service-account-json", account}},
        Headers{{"x-portolan-config", config}}}) {
    const TestAnswer answer =
        client.Post("/v1/chat/completions",
                    R"({"model":"gemini-2.5-flash","messages":[{"role":"user","content":"hi"}]})", headers);
    EXPECT_EQ(answer.status, 400) << answer.body;
    EXPECT_EQ(CodeOf(answer), "invalid_service_account");
    EXPECT_THAT(answer.body, Not(HasSubstr("PRIVATE")));
  }
  EXPECT_TRUE(lab.tokens().requests().empty());
  EXPECT_TRUE(lab.models().requests().empty());
}

}  // namespace
}  // namespace portolan::test
