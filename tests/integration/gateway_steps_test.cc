// What the log tells of a call step by step at level debug, and that it does so at no other.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/integration/support/error_output.h"
#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Stands in every value that must not be told.
constexpr char kMark[] = "UNSPEAKABLE";

// Calls of a gateway whose log is read when it has ended.
class GatewaySteps : public ::testing::Test {
 protected:
  // Makes `calls` with the address of the gateway, and keeps what its log says.
  template <typename Calls>
  void Run(telemetry::LogLevel level, const Calls& calls) {
    ErrorOutput output;
    {
      config::ServeOptions options;
      options.http = options.grpc = options.admin = "127.0.0.1:0";
      options.threads = 1;
      options.log_level = level;
      auto gateway = Gateway::Start(options, [](const char* name) -> const char* {
        return std::string(name) == "OPENAI_API_KEY" ? "UNSPEAKABLE-gateway" : nullptr;
      });
      ASSERT_TRUE(gateway.ok());
      calls(**gateway);
      (*gateway)->Drain();
    }
    log_ = output.Restore();
    EXPECT_THAT(log_, Not(HasSubstr(kMark)));
  }

  static TestAnswer Post(const Gateway& gateway, const std::string& id, const std::string& body,
                         Headers headers) {
    headers.emplace_back("x-request-id", id);
    return TestClient(gateway.http_address()).Post("/v1/chat/completions", body, headers);
  }

  // The lines of one call that are of this kind, in order; all of its debug lines if none is named.
  std::vector<json> Steps(const std::string& id, const std::string& kind = {}) const {
    std::vector<json> steps;
    for (const std::string& line : LinesWith(log_, "\"request_id\":\"" + id + "\"")) {
      json step = json::parse(line);
      if (step["msg"] == "call" || (!kind.empty() && step["msg"] != kind)) continue;
      EXPECT_EQ(step["level"], "debug");
      steps.push_back(std::move(step));
    }
    return steps;
  }
  std::vector<std::string> Kinds(const std::string& id) const {
    std::vector<std::string> kinds;
    for (const json& step : Steps(id)) kinds.push_back(step["msg"]);
    return kinds;
  }

  std::string log_;
};

std::set<std::string> Names(const json& list) {
  std::set<std::string> names;
  std::string rest = list.is_string() ? list.get<std::string>() + ", " : "";
  for (size_t end; (end = rest.find(", ")) != std::string::npos; rest.erase(0, end + 2)) {
    names.insert(rest.substr(0, end));
  }
  return names;
}

constexpr char kBody[] =
    R"({"model":"m","max_tokens":9,"user":"UNSPEAKABLE","logit_bias":{"5":1},"messages":[{"role":"user","content":"UNSPEAKABLE"}]})";

TEST_F(GatewaySteps, TellWhereACallWentAndWhatBecameOfIt) {
  const FakeUpstream upstream([](const SeenRequest&) {
    return Respond(200, R"({"id":"c","choices":[]})",
                   {{"Content-Type", "application/json"},
                    {"Set-Cookie", "a=UNSPEAKABLE"},
                    {"X-Ratelimit-Limit-Requests", "60"},
                    {"X-Secret", "UNSPEAKABLE"},
                    {"X-Request-Id", "theirs"}});
  });
  const std::string config = TargetOf(upstream, "openai", R"(,"override_params":{"temperature":0.5})");
  Run(telemetry::LogLevel::kDebug, [&](const Gateway& gateway) {
    TestClient client(gateway.http_address());
    for (const char* id : {"first", "second"}) {
      client.Post("/v1/chat/completions", kBody,
                  {{"x-request-id", id},
                   {"x-portolan-config", config},
                   {"authorization", "Bearer UNSPEAKABLE"},
                   {"cookie", "UNSPEAKABLE"},
                   {"x-team", "UNSPEAKABLE"},
                   {"openai-organization", "UNSPEAKABLE"},
                   {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}});
    }
  });
  EXPECT_THAT(Kinds("first"), ElementsAre("target", "request", "connection", "answer_headers")) << log_;
  const json target = Steps("first", "target").at(0);
  EXPECT_EQ(target["attempt"], 1);
  EXPECT_EQ(target["option"], "config");
  EXPECT_EQ(target["provider"], "openai");
  EXPECT_EQ(target["model"], "m");
  EXPECT_EQ(target["target"], upstream.url());
  EXPECT_EQ(target["key"], "config");
  EXPECT_EQ(target["why"], "the config names it");
  const json request = Steps("first", "request").at(0);
  EXPECT_EQ(request["edits"], "temperature");
  const std::set<std::string> stay = Names(request["headers_dropped"]);
  EXPECT_EQ(stay.count("cookie") + stay.count("x-team"), 2u) << request;
  // What went on, and what was meant for the gateway.
  for (const char* name : {"traceparent", "openai-organization", "authorization", "x-portolan-config"}) {
    EXPECT_EQ(stay.count(name), 0u) << name;
  }
  EXPECT_EQ(Steps("first", "connection").at(0)["connection"], "new");
  EXPECT_EQ(Steps("first", "connection").at(0)["upstream_status"], 200);
  EXPECT_EQ(Steps("second", "connection").at(0)["connection"], "kept");
  const std::set<std::string> answer = Names(Steps("first", "answer_headers").at(0)["headers_dropped"]);
  EXPECT_EQ(answer.count("set-cookie") + answer.count("x-secret"), 2u);
  EXPECT_EQ(answer.count("x-ratelimit-limit-requests") + answer.count("x-request-id"), 0u);
}

TEST_F(GatewaySteps, TellOfEachAttemptAndWait) {
  const FakeUpstream busy([](const SeenRequest& request) { return Failing(request, 503); });
  const FakeUpstream good([](const SeenRequest& request) { return Answering(request, "yes"); });
  const std::string config = R"({"strategy":{"mode":"fallback"},"targets":[)" +
                             TargetOf(busy, "openai", R"(,"retry":{"attempts":1,"base_ms":2})") + "," +
                             TargetOf(good, "anthropic") + "]}";
  Run(telemetry::LogLevel::kDebug, [&](const Gateway& gateway) {
    EXPECT_EQ(Post(gateway, "rest", kBody, {{"x-portolan-config", config}}).status, 200);
    const auto stub = v1::ChatService::NewStub(
        grpc::CreateChannel(gateway.grpc_address(), grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    context.AddMetadata("x-request-id", "rpc");
    context.AddMetadata("x-portolan-config", config);
    context.AddMetadata("x-team", kMark);
    v1::ChatCompletion answer;
    EXPECT_TRUE(stub->CreateChatCompletion(&context, RpcRequest({}), &answer).ok());
  });
  for (const char* id : {"rest", "rpc"}) {
    SCOPED_TRACE(id);
    ASSERT_THAT(Kinds(id), ElementsAre("target", "request", "connection", "failed", "wait",  //
                                       "target", "request", "connection", "failed",          //
                                       "target", "request", "connection", "answer_headers"))
        << log_;
    const std::vector<json> targets = Steps(id, "target");
    EXPECT_EQ(targets[0]["option"], "config.targets[0]");
    EXPECT_EQ(targets[1]["attempt"], 2);
    // The wait is drawn, and as long as the line says that tells of it.
    const std::string ms = std::to_string(Steps(id, "wait").at(0)["wait_ms"].get<int>());
    EXPECT_THAT(targets[1]["why"].get<std::string>(),
                HasSubstr("config.targets[0]: 503: retry 1 after " + ms + " ms"));
    EXPECT_THAT(targets[2]["why"].get<std::string>(), HasSubstr("config: 503: falls back to targets[1]"));
    EXPECT_EQ(targets[2]["provider"], "anthropic");
    const json failed = Steps(id, "failed").at(0);
    EXPECT_EQ(failed["status"], 503);
    EXPECT_EQ(failed["error_class"], "provider");
    EXPECT_EQ(failed["error_code"], "busy");
  }
  // What Anthropic has no word for.
  EXPECT_EQ(Names(Steps("rest", "request").at(2)["dropped"]).count("logit_bias"), 1u);
  EXPECT_EQ(Names(Steps("rpc", "request").at(0)["headers_dropped"]).count("x-team"), 1u);
}

TEST_F(GatewaySteps, TellWhyItIsThatProvider) {
  Run(telemetry::LogLevel::kDebug, [&](const Gateway& gateway) {
    const std::string echo = R"({"model":"echo/echo","messages":[{"role":"user","content":"UNSPEAKABLE"}]})";
    EXPECT_EQ(Post(gateway, "prefix", echo, {}).status, 200);
    EXPECT_EQ(Post(gateway, "header", echo, {{"x-portkey-provider", "echo"}}).status, 200);
    EXPECT_EQ(Post(gateway, "nobody", kBody, {{"x-portkey-provider", "UNKNOWN"}}).status, 400);
    EXPECT_EQ(Post(gateway, "host", kBody, {{"x-portkey-custom-host", "http://127.0.0.1:1"}}).status, 502);
  });
  EXPECT_EQ(Steps("prefix", "target").at(0)["why"], "the model's prefix names it");
  EXPECT_EQ(Steps("prefix", "request").at(0)["edits"], "model");
  EXPECT_EQ(Steps("header", "target").at(0)["why"], "x-portolan-provider names it");
  EXPECT_THAT(Kinds("nobody"), ElementsAre("target", "failed"));
  EXPECT_EQ(Steps("nobody", "failed").at(0)["error_code"], "unknown_provider");
  EXPECT_THAT(Kinds("host"), ElementsAre("target", "request", "connection", "failed"));
  EXPECT_EQ(Steps("host", "target").at(0)["why"], "nothing else tells what the custom host speaks");
  EXPECT_EQ(Steps("host", "target").at(0)["key"], "none");
}

// Many names are cut, and no line is lost for it.
TEST_F(GatewaySteps, AreBounded) {
  Headers many = {{"x-portolan-custom-host", "http://127.0.0.1:1"}};
  for (int i = 0; i < 90; ++i) many.emplace_back("x-long-name-of-a-header-" + std::to_string(i), kMark);
  Run(telemetry::LogLevel::kDebug,
      [&](const Gateway& gateway) { EXPECT_EQ(Post(gateway, "many", kBody, many).status, 502); });
  const std::string list = Steps("many", "request").at(0)["headers_dropped"];
  EXPECT_LT(list.size(), 1100u);
  EXPECT_TRUE(list.ends_with(", ...")) << list;
}

TEST_F(GatewaySteps, AreToldAtNoOtherLevel) {
  for (const auto level :
       {telemetry::LogLevel::kInfo, telemetry::LogLevel::kWarn, telemetry::LogLevel::kError}) {
    Run(level, [&](const Gateway& gateway) {
      EXPECT_EQ(Post(gateway, "call", kBody, {{"x-portolan-custom-host", "http://127.0.0.1:1"}}).status, 502);
    });
    EXPECT_THAT(Steps("call"), IsEmpty());
    EXPECT_THAT(log_, Not(HasSubstr("\"debug\"")));
  }
}

}  // namespace
}  // namespace portolan::test
