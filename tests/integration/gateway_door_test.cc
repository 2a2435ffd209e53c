// The gateway as a whole, from its doors to a provider's socket.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/support/eventually.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using ::testing::IsSupersetOf;

constexpr char kRequest[] = R"({"model":"gpt-4o", "messages":[{"role":"user","content":"hi"}]})";
constexpr char kAnswer[] =
    R"({"id":"c1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"ho"},"finish_reason":"stop"}]})";

TEST(GatewayDoor, RelaysARequestAndItsAnswerByteForByte) {
  FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, kAnswer); });
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  for (int i = 0; i < 2; ++i) {
    const TestAnswer answer =
        client.Post("/v1/chat/completions", kRequest, {{"x-portolan-custom-host", upstream.url() + "/v1"}});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, kAnswer);
    EXPECT_TRUE(answer.complete);
  }
  ASSERT_EQ(upstream.requests().size(), 2u);
  EXPECT_EQ(upstream.requests()[1].body, kRequest);
  EXPECT_EQ(upstream.requests()[1].target, "/v1/chat/completions");
  EXPECT_EQ(upstream.requests()[1].connection, 1) << "the connection upstream was not kept";
}

TEST(GatewayDoor, SendsTheCallersKeyToAHostOfTheCallerAndNeverItsOwn) {
  FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, kAnswer); });
  GatewayFixture gateway({}, {{"OPENAI_API_KEY", "sk-gateway"}});
  TestClient client(gateway.http_address());
  EXPECT_EQ(
      client.Post("/v1/chat/completions", kRequest, {{"x-portolan-custom-host", upstream.url()}}).status,
      200);
  EXPECT_EQ(upstream.requests().at(0).CountHeader("authorization"), 0);
  client.Post("/v1/chat/completions", kRequest,
              {{"x-portolan-custom-host", upstream.url()}, {"authorization", "Bearer sk-caller"}});
  EXPECT_EQ(upstream.requests().at(1).Header("authorization"), "Bearer sk-caller");
}

TEST(GatewayDoor, CountsNoAttemptWhereTheTargetIsRefusedUntried) {
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const auto attempts_with = [&](const std::string& host) {
    const TestAnswer answer =
        client.Post("/v1/chat/completions", kRequest, {{"x-portolan-custom-host", host}});
    const size_t at = answer.body.find(R"("attempts":)");
    return at == std::string::npos ? answer.body : answer.body.substr(at, sizeof(R"("attempts":0)") - 1);
  };
  EXPECT_EQ(attempts_with("http://10.1.2.3/v1"), R"("attempts":0)");     // a private network
  EXPECT_EQ(attempts_with("http://127.0.0.1:1/v1"), R"("attempts":1)");  // nobody listens there
}

// The gateway's own member never goes upstream, not even a null, and what is spliced in is always JSON.
TEST(GatewayDoor, TakesItsOwnMemberOutAndWritesModelsAsJson) {
  FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, kAnswer); });
  config::ServeOptions encoded;
  encoded.no_splice = true;
  for (const config::ServeOptions& options : {config::ServeOptions(), encoded}) {
    GatewayFixture gateway(options);
    TestClient client(gateway.http_address());
    for (const char* own : {"null", "{}", R"({"timeout":"5s"})"}) {
      const std::string request = R"({"model":"m","portolan":)" + std::string(own) + R"(,"messages":[]})";
      EXPECT_EQ(client
                    .Post("/v1/chat/completions", request,
                          {{"x-portolan-custom-host", upstream.url()},
                           {"x-portolan-config", R"({"override_params":{"model":"a\n\"b\""}})"}})
                    .status,
                200);
      EXPECT_EQ(nlohmann::json::parse(upstream.requests().back().body),
                nlohmann::json::parse(R"({"model":"a\n\"b\"","messages":[]})"));
    }
  }
}

TEST(GatewayDoor, RefusesTimesThatNoClockHolds) {
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  for (const char* seconds : {"315576000000s", "31536001s", "0s", "-1s"}) {
    const std::string request =
        R"({"model":"echo/echo","messages":[],"portolan":{"timeout":")" + std::string(seconds) + R"("}})";
    const TestAnswer answer = client.Post("/v1/chat/completions", request);
    EXPECT_EQ(answer.status, 400) << seconds;
    EXPECT_NE(answer.body.find("portolan.timeout"), std::string::npos) << answer.body;
  }
}

TEST(GatewayDoor, TellsThatItIsReady) {
  GatewayFixture gateway;
  EXPECT_EQ(TestClient(gateway.http_address()).Get("/readyz").status, 200);
  EXPECT_EQ(TestClient(gateway.admin_address()).Get("/readyz").status, 200);
}

TEST(GatewayDoor, NamesItsThreads) {
  GatewayFixture gateway;
  // A thread takes its name as it starts.
  ASSERT_EQ(TestClient(gateway.http_address()).Get("/readyz").status, 200);
  ASSERT_EQ(TestClient(gateway.admin_address()).Get("/readyz").status, 200);
  const auto names = [] {
    std::set<std::string> all;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
      std::string name;
      std::getline(std::ifstream(task.path() / "comm"), name);
      all.insert(name);
    }
    return all;
  };
  EXPECT_TRUE(Eventually(names, IsSupersetOf({"admin", "grpc", "log", "shard"})));
}

}  // namespace
}  // namespace portolan::test
