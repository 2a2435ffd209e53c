// Marked keys in every place that takes one, calls that go well and badly in every way: no mark is found in
// what the gateway writes, tells or counts, at any log level.

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "tests/load/process.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::load {
namespace {

using test::Headers;
using test::TestAnswer;
using test::TestClient;

constexpr char kMark[] = "canary";
constexpr char kCallerKey[] = "canary-caller-key-0123456789";
constexpr char kAdminKey[] = "canary-admin-key-0123456789";

std::string Body(const std::string& model, bool stream = false) {
  return R"({"model":")" + model + R"(","stream":)" + (stream ? "true" : "false") +
         R"(,"messages":[{"role":"user","content":"canary-prompt"}]})";
}

// Calls with a marked key in every header that takes one or may be taken for one, and what is wrong with
// some.
std::vector<Headers> MarkedHeaders(const std::string& upstream) {
  const Headers key = {{"x-portolan-api-key", kCallerKey}, {"authorization", "Bearer canary-upstream-key"}};
  const auto with = [&key](Headers more) {
    more.insert(more.end(), key.begin(), key.end());
    return more;
  };
  return {
      with({{"x-portolan-provider", "openai"}, {"x-portolan-custom-host", upstream}}),
      with({{"x-portolan-provider", "anthropic"},
            {"x-portolan-custom-host", upstream},
            {"x-api-key", "canary-anthropic-key"}}),
      with({{"x-portkey-config",
             R"({"provider":"openai","api_key":"canary-config-key","custom_host":")" + upstream + "\"}"}}),
      // Good keys, bad rest.
      with({{"x-portkey-config", R"({"provider":"openai","api_key":"canary-config-key)"}}),
      with({{"x-portkey-config", R"({"provider":"openai","api_key":["canary-config-key"]})"}}),
      with({{"x-portkey-config", R"({"provider":"openai","apikey":"canary-config-key"})"}}),
      with({{"x-portkey-config", "canary-config-key"}}),
      // Several targets, each tried again, with whatever a caller may mark calls by.
      with({{"x-portkey-metadata", R"({"user":"canary-user"})"},
            {"x-portkey-config",
             R"({"retry":{"attempts":1,"base_ms":1},"strategy":{"mode":"fallback"},"targets":[)"
             R"({"provider":"openai","api_key":"canary-first-key","virtual_key":"canary-virtual-key",)"
             R"("openai_organization":"canary-organization","custom_host":")" +
                 upstream + R"("},{"provider":"anthropic","api_key":"canary-second-key","custom_host":")" +
                 upstream +
                 R"("},{"provider":"openai","api_key":"canary-third-key",)"
                 R"("custom_host":"http://user:canary-password@127.0.0.1:1"}]})"}}),
      with({{"x-portkey-config",
             R"({"strategy":{"mode":"fallback"},"targets":[{"api_key":"canary-first-key"},)"
             R"({"api_key":"canary-second-key","retry":{"attempts":9}}]})"}}),
      with({{"x-portolan-provider", "openai"},
            {"x-portolan-custom-host", "http://user:canary-password@127.0.0.1:1/v1"}}),
      with({{"x-portolan-provider", "openai"},
            {"x-portolan-custom-host", "http://127.0.0.1:1/v1?key=canary-query"}}),
      with({{"x-portolan-provider", "openai"}, {"x-portolan-custom-host", "http://127.0.0.1:1/v1"}}),
      with({{"x-portolan-provider", "openai"}, {"x-portolan-custom-host", "https://127.0.0.1:1/v1"}}),
      {{"x-portolan-api-key", "canary-wrong-caller-key"}},
      {{"authorization", "Bearer canary-wrong-caller-key"}},
      {{"authorization", "canary-no-scheme"}},
      {{"x-portkey-api-key", kCallerKey}, {"x-portolan-api-key", "canary-other-caller-key"}},
      with({{"x-portolan-request-timeout", "canary-timeout"}}),
      with({{"cookie", "session=canary-cookie"}, {"x-custom-key", "canary-custom"}}),
  };
}

// Everything that a call came to, as one text.
std::string Told(const TestAnswer& answer) {
  std::string all;
  for (const auto& [name, value] : answer.headers) all.append(name).append(": ").append(value).append("\n");
  return all + answer.body;
}

std::string CallByGrpc(const Process& gateway, const Headers& headers, const std::string& model) {
  const auto stub =
      v1::ChatService::NewStub(grpc::CreateChannel(gateway.grpc(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  for (const auto& [name, value] : headers) context.AddMetadata(name, value);
  v1::ChatCompletionRequest request;
  request.set_model(model);
  auto* message = request.add_messages();
  message->set_role("user");
  message->mutable_content()->set_text("canary-prompt");
  v1::ChatCompletion answer;
  const grpc::Status status = stub->CreateChatCompletion(&context, request, &answer);
  std::string all = status.error_message() + status.error_details();
  for (const auto* metadata : {&context.GetServerInitialMetadata(), &context.GetServerTrailingMetadata()}) {
    for (const auto& [name, value] : *metadata) all += std::string(value.data(), value.size()) + "\n";
  }
  return all;
}

class Secrets : public testing::TestWithParam<const char*> {};

TEST_P(Secrets, ShowNowhere) {
  int calls = 0;
  test::FakeUpstream upstream([&calls](const test::SeenRequest& request) {
    if (request.body.find("\"stream\":true") != std::string::npos) {
      return test::RespondEvents({"data: {\"error\":{\"message\":\"no\"}}\n\n"});
    }
    if (++calls % 3 == 0) return test::Script().Reset();
    if (calls % 3 == 1) return test::RespondJson(401, R"({"error":{"message":"wrong key","type":"auth"}})");
    return test::RespondJson(200, R"({"id":"x","object":"chat.completion","choices":[]})");
  });
  Process gateway(Binary());
  gateway.Start(
      {"--log-level", GetParam(), "--threads", "1"},
      {.max_files = 0,
       .environment = {{"OPENAI_API_KEY", "canary-openai-key"},
                       {"ANTHROPIC_API_KEY", "canary-anthropic-key"},
                       {"PORTOLAN_CALLER_KEYS", std::string(kCallerKey) + ",canary-second-caller-key"},
                       {"PORTOLAN_ADMIN_KEY", kAdminKey},
                       {"HTTPS_PROXY", "http://user:canary-proxy-password@127.0.0.1:1"}}});
  ASSERT_TRUE(gateway.WaitUntilReady());

  size_t answers = 0;
  const auto check = [&answers](const std::string& text) {
    ++answers;
    EXPECT_EQ(text.find(kMark), std::string::npos) << text;
  };
  for (const Headers& headers : MarkedHeaders(upstream.url() + "/v1")) {
    for (const bool stream : {false, true}) {
      TestClient client(gateway.http());
      check(Told(client.Post("/v1/chat/completions", Body("m", stream), headers)));
    }
    check(CallByGrpc(gateway, headers, "m"));
  }
  // Without its own upstream: the proxy of the environment, which is not there.
  check(Told(TestClient(gateway.http())
                 .Post("/v1/chat/completions", Body("gpt-4o"), {{"x-portolan-api-key", kCallerKey}})));
  check(Told(TestClient(gateway.http())
                 .Post("/v1/chat/completions", R"({"model":"m","messages":"canary-key"})",
                       {{"x-portolan-api-key", kCallerKey}})));
  check(Told(TestClient(gateway.admin()).Get("/metrics")));
  check(Told(
      TestClient(gateway.admin()).Get("/metrics", {{"authorization", "Bearer canary-wrong-admin-key"}})));
  const TestAnswer metrics =
      TestClient(gateway.admin()).Get("/metrics", {{"authorization", std::string("Bearer ") + kAdminKey}});
  EXPECT_EQ(metrics.status, 200);
  check(Told(metrics));
  EXPECT_GT(answers, 50u);

  gateway.Signal(SIGTERM);
  EXPECT_EQ(gateway.Wait(20), 0);
  check(gateway.Stdout());
  check(gateway.Stderr());
  // What would show a mark is written at all.
  EXPECT_TRUE(std::string(GetParam()) != "debug" || gateway.Stderr().size() > 10'000);

  // The upstream did get the keys that were meant for it.
  bool forwarded = false;
  for (const test::SeenRequest& request : upstream.requests()) {
    forwarded |= request.Header("authorization") == "Bearer canary-upstream-key";
    EXPECT_EQ(request.raw_head.find("caller-key"), std::string::npos) << request.raw_head;
  }
  EXPECT_TRUE(forwarded);
}

INSTANTIATE_TEST_SUITE_P(All, Secrets, testing::Values("debug", "info", "warn", "error"),
                         [](const auto& param) { return std::string(param.param); });

TEST(SecretsAtStart, ShowNotInAStartThatFails) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"PORTOLAN_CALLER_KEYS", "canary key with blanks"},
      {"OPENAI_API_KEY", "canary\nkey"},
      {"HTTPS_PROXY", "canary://user:canary-password@proxy:99999999"},
      {"PORTOLAN_ADMIN_KEY", "canary\tkey"},
  };
  for (const auto& variable : wrong) {
    Process gateway(Binary());
    gateway.Start({"--threads", "1"}, {.max_files = 0, .environment = {variable}});
    if (gateway.Wait(1) < 0) {
      gateway.Signal(SIGTERM);
      gateway.Wait(20);
    }
    EXPECT_EQ(gateway.Stderr().find(kMark), std::string::npos) << variable.first << ": " << gateway.Stderr();
    EXPECT_EQ(gateway.Stdout().find(kMark), std::string::npos) << variable.first << ": " << gateway.Stdout();
  }
}

}  // namespace
}  // namespace portolan::load
