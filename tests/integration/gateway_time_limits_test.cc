// Calls that run out of time: which limit it was, whose, and how long, in the error at both doors, in the
// log and in the explanation. The statuses are those of docs/errors.md.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/integration/support/error_output.h"
#include "tests/integration/support/route_caller.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;

const Headers kLongJson = {{"Content-Type", "application/json"}, {"Content-Length", "1000"}};

std::string Fallback(const std::vector<std::string>& targets) {
  std::string list;
  for (const std::string& target : targets) list.append(list.empty() ? "" : ",").append(target);
  return R"({"strategy":{"mode":"fallback"},"targets":[)" + list + "]}";
}

// A gateway whose operator has a provider, `lab`, at a host that does what the test says.
class TimeLimits : public ::testing::Test {
 protected:
  FakeUpstream silent_{[](const SeenRequest&) { return Script().Stall(); }};

  GatewayFixture Start(const std::string& routes) {
    std::ofstream(folder_.path() + "/portolan.yaml")
        << "providers:\n  lab: {base_url: \"" + silent_.url() + "/v1\", api_key: \"env:LAB_KEY\"}\n"
        << "routes:\n" + routes;
    return GatewayFixture::FromFile(folder_.path() + "/portolan.yaml", {{"LAB_KEY", "lab-key"}});
  }

 private:
  const TempFolder folder_;
};

void ExpectTimeout(const RouteCall& call, const RouteAnswer& answer, const std::string& code,
                   const std::string& error_class, const std::string& limit) {
  EXPECT_EQ(answer.status, 408) << answer.body;
  EXPECT_EQ(answer.code, code);
  EXPECT_EQ(answer.error_class, error_class);
  EXPECT_EQ(answer.limit, limit);
  EXPECT_TRUE(answer.retryable);
  EXPECT_EQ(answer.rpc, call.door == Door::kGrpc ? grpc::DEADLINE_EXCEEDED : grpc::OK);
}

TEST_F(TimeLimits, OfTheCallerAreNamedWithTheirLength) {
  GatewayFixture gateway;
  const RouteCaller caller(gateway);
  const FakeUpstream half(
      [](const SeenRequest&) { return Script().Send(Head(200, kLongJson) + "{\"id\":").Stall(); });
  const struct {
    const char* what;
    std::string config;
    Headers headers;
    std::string model;
    const char* limit;
    const char* says;
  } cases[] = {
      {"a header, no answer",
       TargetOf(silent_),
       {{"x-portolan-request-timeout", "300"}},
       "m",
       "x-portolan-request-timeout caller 300",
       "x-portolan-request-timeout of 300 ms, set by the caller, ran out while "},
      {"Portkey's spelling, half an answer",
       TargetOf(half),
       {{"x-portkey-request-timeout", "2000"}},
       "m",
       "x-portolan-request-timeout caller 2000",
       "x-portolan-request-timeout of 2 s, set by the caller, ran out while reading the answer of "},
      {"another dialect",
       TargetOf(silent_, "anthropic"),
       {{"x-portolan-request-timeout", "301"}},
       "m",
       "x-portolan-request-timeout caller 301",
       "of 301 ms, set by the caller, ran out while"},
      {"the built-in provider",
       "",
       {{"x-portolan-request-timeout", "50"}},
       "echo/echo-slow-30000",
       "x-portolan-request-timeout caller 50",
       "ran out while waiting for the built-in provider"},
      {"a target of the caller's config",
       TargetOf(silent_, "openai", R"(,"request_timeout":150)"),
       {},
       "m",
       "request_timeout caller 150",
       "request_timeout of 150 ms, set by the caller's config (config), ran out while "},
      {"the second of two targets",
       Fallback({TargetOf(silent_, "openai", R"(,"request_timeout":50)"),
                 TargetOf(silent_, "anthropic", R"(,"request_timeout":70)")}),
       {},
       "m",
       "request_timeout caller 70",
       "set by the caller's config (config.targets[1]), ran out"},
      // Of two, the one that ran out.
      {"the call's before the target's",
       TargetOf(silent_, "openai", R"(,"request_timeout":15000)"),
       {{"x-portolan-request-timeout", "200"}},
       "m",
       "x-portolan-request-timeout caller 200",
       "ran out"},
      {"the target's before the call's",
       TargetOf(silent_, "openai", R"(,"request_timeout":100)"),
       {{"x-portolan-request-timeout", "15000"}},
       "m",
       "request_timeout caller 100",
       "ran out"},
      {"a target's, and then the call's",
       Fallback({TargetOf(silent_, "openai", R"(,"request_timeout":50)"), TargetOf(silent_)}),
       {{"x-portolan-request-timeout", "700"}},
       "m",
       "x-portolan-request-timeout caller 700",
       "ran out"},
  };
  for (const auto& test : cases) {
    RouteCall base;
    base.config = test.config;
    base.headers = test.headers;
    base.model = test.model;
    for (const RouteCall& call : AtBothDoors(base)) {
      // A stream of echo's has begun before it waits.
      if (call.stream && test.model != "m") continue;
      SCOPED_TRACE(test.what + (" " + Describe(call)));
      const RouteAnswer answer = caller.Call(call);
      ExpectTimeout(call, answer, "request_timeout", "caller", test.limit);
      EXPECT_THAT(answer.message, HasSubstr(test.says));
    }
  }
}

TEST_F(TimeLimits, OfTheRequestsFieldAreNamed) {
  GatewayFixture gateway;
  const RouteCaller caller(gateway);
  json body = json::parse(RestBody({}));
  body["portolan"] = {{"timeout", "0.25s"}, {"custom_host", silent_.url()}};
  const TestAnswer rest = TestClient(gateway.http_address()).Post("/v1/chat/completions", body.dump());
  EXPECT_EQ(rest.status, 408);
  EXPECT_EQ(json::parse(rest.body)["error"]["portolan"]["limit"],
            json::parse(R"({"name":"portolan.timeout","owner":"caller","ms":250})"));
}

// From the first content of a stream on, the attempt's limit does not count, nor does it get the blame.
TEST_F(TimeLimits, OfTheCallEndAStreamWhoseAttemptHadOneToo) {
  const FakeUpstream begun([](const SeenRequest&) {
    return Script().Send(StreamHead() + Chunk(OpenAiDelta(R"({"content":"H"})"))).Stall();
  });
  GatewayFixture gateway;
  const RouteCaller caller(gateway);
  for (const Door door : {Door::kRest, Door::kGrpc}) {
    const RouteAnswer answer = caller.Call({.config = TargetOf(begun, "openai", R"(,"request_timeout":1000)"),
                                            .door = door,
                                            .stream = true,
                                            .headers = {{"x-portolan-request-timeout", "1500"}}});
    EXPECT_EQ(answer.text, "H");
    EXPECT_TRUE(answer.broke);
    EXPECT_EQ(answer.code, "request_timeout");
    EXPECT_EQ(answer.limit, "x-portolan-request-timeout caller 1500");
  }
}

// What the operator allows a target is no fault of the caller's.
TEST_F(TimeLimits, OfARouteAreTheGateways) {
  GatewayFixture gateway = Start(
      "  slow: {provider: lab, request_timeout: 100}\n"
      "  pair:\n    strategy: {mode: fallback}\n    request_timeout: 80\n"
      "    targets: [{provider: lab}, {provider: lab, request_timeout: 90}]\n"
      "aliases: {m: slow}\n");
  const RouteCaller caller(gateway);
  const struct {
    const char* route;
    const char* limit;
    const char* says;
  } cases[] = {
      {"slow", "request_timeout route 100",
       "request_timeout of 100 ms, set by the operator's route \"slow\" (config), ran out while"},
      {"pair", "request_timeout route 90",
       "request_timeout of 90 ms, set by the operator's route \"pair\" (config.targets[1]), ran out while"},
      {"", "request_timeout route 100", "route \"slow\""},
  };
  for (const auto& test : cases) {
    RouteCall base;
    if (*test.route != '\0') base.headers = {{"x-portolan-config", test.route}};
    for (const RouteCall& call : AtBothDoors(base)) {
      SCOPED_TRACE(test.route + (" " + Describe(call)));
      const RouteAnswer answer = caller.Call(call);
      ExpectTimeout(call, answer, "target_timeout", "gateway", test.limit);
      EXPECT_THAT(answer.message, HasSubstr(test.says));
    }
  }
  // The call's own budget is the caller's on any route.
  RouteCall own;
  own.headers = {{"x-portolan-request-timeout", "40"}};
  for (const RouteCall& call : AtBothDoors(own)) {
    ExpectTimeout(call, caller.Call(call), "request_timeout", "caller",
                  "x-portolan-request-timeout caller 40");
  }
}

TEST_F(TimeLimits, AreInTheExplanation) {
  GatewayFixture gateway = Start("  slow: {provider: lab, request_timeout: 100}\n");
  const RouteCaller caller(gateway);
  const auto explanation = [&](RouteCall call) {
    call.headers.emplace_back("x-portolan-explain", "true");
    return json::parse(caller.Call(call).Header("x-portolan-explain"));
  };
  for (const Door door : {Door::kRest, Door::kGrpc}) {
    EXPECT_EQ(explanation({.door = door, .headers = {{"x-portolan-config", "slow"}}})["limit"],
              json::parse(R"({"name":"request_timeout","owner":"route","ms":100})"));
    const FakeUpstream good([](const SeenRequest& request) { return Answering(request, "yes"); });
    const json went_on = explanation(
        {.config = Fallback({TargetOf(silent_, "openai", R"(,"request_timeout":50)"), TargetOf(good)}),
         .door = door});
    EXPECT_EQ(went_on["decisions"][0]["what"],
              "408, request_timeout of 50 ms (set by the caller) ran out: falls back to targets[1]");
    // It did not end the call.
    EXPECT_FALSE(went_on.contains("limit"));
  }
}

TEST_F(TimeLimits, AreInTheLog) {
  ErrorOutput output;
  {
    config::ServeOptions options;
    options.http = options.grpc = options.admin = "127.0.0.1:0";
    options.threads = 1;
    options.log_level = telemetry::LogLevel::kInfo;
    auto gateway = Gateway::Start(options, [](const char*) -> const char* { return nullptr; });
    ASSERT_TRUE(gateway.ok());
    TestClient((*gateway)->http_address())
        .Post("/v1/chat/completions", RestBody({}),
              {{"x-request-id", "by-header"},
               {"x-portolan-request-timeout", "120"},
               {"x-portolan-custom-host", silent_.url()}});
    const auto stub = v1::ChatService::NewStub(
        grpc::CreateChannel((*gateway)->grpc_address(), grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    context.AddMetadata("x-request-id", "by-deadline");
    context.AddMetadata("x-portolan-custom-host", silent_.url());
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(1500));
    v1::ChatCompletion answer;
    EXPECT_EQ(stub->CreateChatCompletion(&context, RpcRequest({}), &answer).error_code(),
              grpc::DEADLINE_EXCEEDED);
    (*gateway)->Drain();
  }
  const std::string log = output.Restore();
  const auto line = [&](const std::string& id) {
    const std::vector<std::string> lines = LinesWith(log, "\"request_id\":\"" + id + "\"");
    EXPECT_EQ(lines.size(), 1u) << log;
    return lines.empty() ? json::object() : json::parse(lines[0]);
  };
  const json by_header = line("by-header");
  EXPECT_EQ(by_header["status"], 408);
  EXPECT_EQ(by_header["error_code"], "request_timeout");
  EXPECT_EQ(by_header["limit"], "x-portolan-request-timeout");
  EXPECT_EQ(by_header["limit_owner"], "caller");
  EXPECT_EQ(by_header["limit_ms"], 120);
  const json by_deadline = line("by-deadline");
  EXPECT_EQ(by_deadline["status"], 408);
  EXPECT_EQ(by_deadline["grpc_status"], 4);
  EXPECT_EQ(by_deadline["limit"], "grpc-timeout");
  EXPECT_EQ(by_deadline["limit_owner"], "caller");
  // What was left of it on arrival; grpc-timeout is spelt with up to a hundredth more.
  EXPECT_THAT(by_deadline["limit_ms"].get<int>(), AllOf(Ge(1), Le(1516)));
}

}  // namespace
}  // namespace portolan::test
