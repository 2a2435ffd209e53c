// Tokens of Google Cloud's metadata server: what it is asked, how often, and that nobody but the operator has
// it asked. How often tokens are renewed, and what becomes of a fetch that fails in other ways, is the same
// for all providers: vertex_tokens_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/support/vertex_testing.h"
#include "tests/support/eventually.h"

namespace portolan::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPath[] = "/computeMetadata/v1/instance/service-accounts/default/token";

// As on a machine of Google's, but for the server's name.
const std::map<std::string, std::string> kMachine = {{"GCE_METADATA_HOST", "{tokens}"},
                                                     {"GOOGLE_CLOUD_PROJECT", "p-1"}};

VertexLab OnAMachine(FakeUpstream::Handler tokens, FakeUpstream::Handler models = AnsweringAsVertex) {
  return VertexLab(std::move(tokens), std::move(models), "metadata-server", kMachine);
}

std::string Metrics(VertexLab& lab) { return TestClient(lab.gateway().admin_address()).Get("/metrics").body; }

// cloud.google.com/compute/docs/access/authenticate-workloads
TEST(VertexMetadata, GivesATokenThatServesManyCalls) {
  VertexLab lab = OnAMachine(Tokens());
  for (int i = 0; i < 3; ++i) {
    const TestAnswer answer = AskVertex(lab.gateway());
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(lab.models().requests().back().Header("authorization"), "Bearer token-1");
    EXPECT_EQ(lab.models().requests().back().CountHeader("metadata-flavor"), 0);
    EXPECT_THAT(lab.models().requests().back().target, HasSubstr("/projects/p-1/"));
  }
  ASSERT_EQ(lab.tokens().requests().size(), 1u);
  const SeenRequest seen = lab.tokens().requests()[0];
  EXPECT_EQ(seen.method, "GET");
  EXPECT_EQ(seen.target, kPath);
  EXPECT_EQ(seen.Header("metadata-flavor"), "Google");
  EXPECT_EQ(seen.CountHeader("authorization"), 0);
  // Who asks for somebody else is not answered there.
  EXPECT_EQ(seen.CountHeader("x-forwarded-for"), 0);
  EXPECT_EQ(seen.body, "");
}

TEST(VertexMetadata, IsAskedOnceForCallsAtOnce) {
  constexpr int kCalls = 20;
  const Latch latch;
  VertexLab lab = OnAMachine([latch](const SeenRequest&) {
    Script script;
    script.Hold(latch);
    script.Send(RespondJson(200, R"({"access_token":"t","expires_in":3599})").steps()[0].bytes);
    return script;
  });
  std::vector<std::future<TestAnswer>> answers;
  answers.reserve(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    answers.push_back(std::async(std::launch::async, [&] { return AskVertex(lab.gateway()); }));
  }
  EXPECT_TRUE(Eventually([&] { return Metrics(lab); },
                         HasSubstr("portolan_open_calls{door=\"http\"} " + std::to_string(kCalls) + "\n")));
  EXPECT_TRUE(lab.models().requests().empty());
  Latch(latch).Release();
  for (auto& answer : answers) EXPECT_EQ(answer.get().status, 200);
  EXPECT_EQ(lab.tokens().requests().size(), 1u);
}

TEST(VertexMetadata, ThatIsSlowTakesNoMoreThanTheCallsTime) {
  const Latch latch;
  VertexLab lab = OnAMachine([latch](const SeenRequest&) { return Script().Hold(latch); });
  const TestAnswer late = AskVertex(lab.gateway(), {{"x-portolan-request-timeout", "50"}});
  EXPECT_EQ(late.status, 408);
  EXPECT_THAT(late.body, HasSubstr("fetching a token"));
  EXPECT_TRUE(lab.models().requests().empty());
  Latch(latch).Release();
}

// GKE's server gives what is left of a token that it holds itself.
TEST(VertexMetadata, IsAskedAgainWhenAShortTokenEnds) {
  auto given = std::make_shared<std::atomic<int>>(0);
  VertexLab lab = OnAMachine([given](const SeenRequest&) {
    return RespondJson(200, R"({"access_token":"t)" + std::to_string(++*given) + R"(","expires_in":1})");
  });
  EXPECT_EQ(AskVertex(lab.gateway()).status, 200);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  EXPECT_EQ(AskVertex(lab.gateway()).status, 200);
  EXPECT_EQ(lab.models().requests().at(0).Header("authorization"), "Bearer t1");
  EXPECT_EQ(lab.models().requests().at(1).Header("authorization"), "Bearer t2");
}

TEST(VertexMetadata, WithoutAnIdentityIsTold) {
  struct {
    int http_status;
    const char* body;
    int status;
    const char* code;
    const char* message;
  } const cases[] = {
      {404, "Not Found", 401, "token_refused", "status 404, Not Found"},
      {500, "Unable to generate access token; IAM returned 403 Forbidden: denied", 502, "token_unavailable",
       "IAM returned 403 Forbidden: denied"},
      {503, "<html>SECRETPART</html>", 502, "token_unavailable", "status 503"},
  };
  for (const auto& test : cases) {
    VertexLab lab = OnAMachine([&](const SeenRequest&) { return Respond(test.http_status, test.body); });
    const TestAnswer answer = AskVertex(lab.gateway());
    EXPECT_EQ(answer.status, test.status) << answer.body;
    EXPECT_EQ(CodeOf(answer), test.code);
    EXPECT_THAT(answer.body, HasSubstr(test.message));
    EXPECT_THAT(answer.body, Not(HasSubstr("SECRETPART")));
    EXPECT_TRUE(lab.models().requests().empty());
  }
}

TEST(VertexMetadata, OneThatTheProviderRefusesIsFetchedAnew) {
  VertexLab lab =
      OnAMachine(Tokens(), [](const SeenRequest& request) { return AnsweringToToken(request, "token-2"); });
  EXPECT_EQ(AskVertex(lab.gateway()).status, 401);
  EXPECT_EQ(AskVertex(lab.gateway()).status, 200);
  EXPECT_EQ(lab.tokens().requests().size(), 2u);
}

TEST(VertexMetadata, MayBeOfOneRouteAlone) {
  VertexLab lab(Tokens(), AnsweringAsVertex, "env:TOKEN", {{"TOKEN", "ya29.of-the-file"}},
                "routes:\n  r: {provider: vertex-ai, api_key: metadata-server, vertex_project_id: p-2, "
                "vertex_metadata_host: \"{tokens}\"}\n");
  const TestAnswer answer = AskVertex(lab.gateway(), {{"x-portolan-config", "r"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(lab.models().requests().back().Header("authorization"), "Bearer token-1");
  EXPECT_EQ(lab.tokens().requests().size(), 1u);
}

TEST(VertexMetadata, IsNotForCallers) {
  VertexLab lab = OnAMachine(Tokens());
  const json config = {{"provider", "vertex-ai"}, {"api_key", "metadata-server"}};
  const json host = {{"provider", "vertex-ai"}, {"vertex_metadata_host", "127.0.0.1:1"}};
  // The first goes to a host of the caller's own, where a key of the caller's is preferred.
  for (const Headers& headers :
       {Headers{{"x-portolan-custom-host", lab.models().url()}, {"authorization", "Bearer metadata-server"}},
        Headers{{"x-portolan-config", config.dump()}}, Headers{{"x-portolan-config", host.dump()}}}) {
    TestClient client(lab.gateway().http_address());
    Headers all = headers;
    if (headers.size() == 2) all.emplace_back("x-portolan-provider", "vertex-ai");
    const TestAnswer answer =
        client.Post("/v1/chat/completions",
                    R"({"model":"gemini-2.5-flash","messages":[{"role":"user","content":"hi"}]})", all);
    EXPECT_EQ(answer.status, 400) << answer.body;
    EXPECT_THAT(CodeOf(answer), ::testing::AnyOf("invalid_service_account", "invalid_option"));
    EXPECT_THAT(answer.body, HasSubstr("only the gateway's operator"));
  }
  EXPECT_TRUE(lab.tokens().requests().empty());
  EXPECT_TRUE(lab.models().requests().empty());
  // A header that names another server is not looked at.
  EXPECT_EQ(AskVertex(lab.gateway(), {{"x-portolan-vertex-metadata-host", "127.0.0.1:1"}}).status, 200);
  EXPECT_EQ(lab.tokens().requests().size(), 1u);
  // Nor does the machine's token go to a host of the caller's.
  const TestAnswer astray = AskVertex(lab.gateway(), {{"x-portolan-custom-host", lab.models().url()}});
  EXPECT_EQ(astray.status, 200) << astray.body;
  EXPECT_EQ(lab.models().requests().size(), 2u);
  EXPECT_EQ(lab.models().requests().back().CountHeader("authorization"), 0);
}

}  // namespace
}  // namespace portolan::test
