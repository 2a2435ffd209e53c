// When a call goes on to the next target, what that target sees, and what the caller is told of those before.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class RoutingFallback : public ::testing::Test {
 protected:
  FakeUpstream second_{[](const SeenRequest& request) { return Answering(request, "yes"); }};
  GatewayFixture gateway_;
  RouteCaller caller_{gateway_};
};

TEST_F(RoutingFallback, FollowsItsListOfStatuses) {
  struct Case {
    int status;        // of the first target; 0: nobody listens there
    const char* list;  // nullptr: none is given
    bool falls_back;
  };
  const std::vector<Case> cases = {
      {400, nullptr, true},     {401, nullptr, true},  {404, nullptr, true}, {429, nullptr, true},
      {500, nullptr, true},     {529, nullptr, true},  {0, nullptr, true},   {200, nullptr, false},
      {429, "[429,500]", true}, {500, "[429]", false}, {529, "[503]", true}, {503, "[529]", false},
      {0, "[500]", true},       {0, "[502]", true},    {0, "[503]", true},   {0, "[504]", true},
      {0, "[429,501]", false},  {500, "[]", false},    {0, "[]", false},     {200, "[200]", true},
  };
  FakeUpstream gone([](const SeenRequest& request) { return Answering(request, "first"); });
  const std::string nobody = TargetOf(gone);
  gone.Stop();
  for (const Case& test : cases) {
    const FakeUpstream first([&](const SeenRequest& request) {
      return test.status == 200 ? Answering(request, "first") : Failing(request, test.status);
    });
    const std::string list = test.list == nullptr ? "" : R"(,"on_status_codes":)" + std::string(test.list);
    const std::string config = R"({"strategy":{"mode":"fallback")" + list + R"(},"targets":[)" +
                               (test.status == 0 ? nobody : TargetOf(first)) + "," + TargetOf(second_) + "]}";
    for (const RouteCall& call : AtBothDoors({.config = config})) {
      SCOPED_TRACE(std::to_string(test.status) + " " + Describe(call));
      const size_t before = second_.requests().size();
      const RouteAnswer answer = caller_.Call(call);
      EXPECT_EQ(second_.requests().size(), before + (test.falls_back ? 1 : 0));
      EXPECT_EQ(answer.Header("x-portolan-last-used-option-index"),
                test.falls_back ? "config.targets[1]" : "config.targets[0]");
      const int status = test.status == 0 ? 502 : test.status;
      EXPECT_EQ(answer.status, test.falls_back ? 200 : status);
      EXPECT_EQ(answer.text, test.falls_back ? "yes" : test.status == 200 ? "first" : "");
    }
  }
}

// A good status that the list names, and then nobody to ask: the answer is gone, and nothing good is told.
TEST_F(RoutingFallback, FromAGoodStatusToNoTargetIsAnError) {
  const std::string config =
      R"({"strategy":{"mode":"fallback","on_status_codes":[200]},"targets":[)" + TargetOf(second_) +
      R"(,{"strategy":{"mode":"conditional","conditions":[{"query":{"metadata.a":"b"},"then":"x"}]},"targets":[)" +
      TargetOf(second_, "openai", R"(,"name":"x")") + "]}]}";
  for (const RouteCall& call : AtBothDoors({.config = config})) {
    SCOPED_TRACE(Describe(call));
    const RouteAnswer answer = caller_.Call(call);
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.code, "no_target");
    EXPECT_EQ(answer.rpc, call.door == Door::kGrpc ? grpc::INVALID_ARGUMENT : grpc::OK);
  }
}

TEST_F(RoutingFallback, TellsWhatTheAttemptsBeforeCameTo) {
  const FakeUpstream limited([](const SeenRequest& request) { return Failing(request, 429); });
  const FakeUpstream broken([](const SeenRequest& request) { return Failing(request, 500); });
  FakeUpstream gone([](const SeenRequest& request) { return Answering(request, "first"); });
  const std::string nobody = TargetOf(gone);
  gone.Stop();
  const std::string config = R"({"strategy":{"mode":"fallback"},"targets":[)" + TargetOf(limited) + "," +
                             TargetOf(broken, "anthropic") + "," + nobody + "," +
                             R"({"provider":"openai"},)" + TargetOf(broken) + "]}";
  for (const RouteCall& call : AtBothDoors({.config = config})) {
    SCOPED_TRACE(Describe(call));
    const RouteAnswer answer = caller_.Call(call);
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.code, "busy");
    // Nobody was called where a key was missing.
    EXPECT_EQ(answer.attempts, 4);
    EXPECT_THAT(answer.tried,
                ElementsAre("config.targets[0] openai 429 busy", "config.targets[1] anthropic 500 api_error",
                            "config.targets[2] openai 502 upstream_connection_refused",
                            "config.targets[3] openai 401 missing_provider_key"));
    EXPECT_EQ(answer.Header("x-should-retry"), "false");
    if (call.door == Door::kRest) {
      EXPECT_EQ(answer.body,
                R"({"error":{"message":"no","type":"server_error","param":null,"code":"busy"}})");
    }
  }
}

TEST_F(RoutingFallback, TellsABoundedNumberOfAttempts) {
  const std::string long_code(5000, 'c');
  const FakeUpstream broken([&](const SeenRequest&) {
    return RespondJson(500, R"({"error":{"message":"no","code":")" + long_code + "\"}}");
  });
  std::string config = R"({"strategy":{"mode":"fallback"},"targets":[)";
  for (int i = 0; i < 20; ++i) config += TargetOf(broken) + ",";
  FakeUpstream last([](const SeenRequest& request) { return Failing(request, 500); });
  config += TargetOf(last) + "]}";
  for (const RouteCall& call : AtBothDoors({.config = config})) {
    SCOPED_TRACE(Describe(call));
    const RouteAnswer answer = caller_.Call(call);
    EXPECT_EQ(answer.attempts, 21);
    EXPECT_THAT(answer.tried, SizeIs(10));
    EXPECT_EQ(answer.tried.front(), "config.targets[0] openai 500 ...");
  }
}

// The request as it came, its spelling and order included, but for the edits of the target that sees it.
TEST_F(RoutingFallback, ShowsEveryTargetTheOriginalRequest) {
  const FakeUpstream first([](const SeenRequest& request) { return Failing(request, 500); });
  const std::string body =
      "{ \"x\" : [1.0,2e0],\"model\": \"m\", \"temperature\":1e0,\n\"messages\":[{\"role\":\"user\", "
      "\"content\":\"\\u0068i\"}] ,\"max_tokens\":9}";
  for (const char* provider : {"openai", "anthropic"}) {
    const std::string config =
        R"({"strategy":{"mode":"fallback"},"override_params":{"seed":7},"targets":[)" +
        TargetOf(first, provider, R"(,"override_params":{"temperature":0.5,"model":"a","stop":["x"]})") +
        "," + TargetOf(second_, "openai", R"(,"override_params":{"seed":8,"top_p":{"any": "JSON"}})") + "," +
        TargetOf(second_) + "]}";
    TestClient client(gateway_.http_address());
    const TestAnswer answer = client.Post("/v1/chat/completions", body, {{"x-portkey-config", config}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    // Nothing is said of what the first would have dropped.
    EXPECT_EQ(answer.Header("x-portkey-dropped"), "");
    std::string edited = body;
    edited.replace(edited.size() - 1, 1, R"(,"seed":8,"top_p":{"any": "JSON"}})");
    EXPECT_EQ(second_.requests().back().body, edited);
  }
  ASSERT_THAT(first.requests(), SizeIs(2));
  std::string edited = body;
  edited.replace(edited.find("1e0"), 3, "0.5");
  edited.replace(edited.find("\"m\","), 3, "\"a\"");
  edited.replace(edited.size() - 1, 1, R"(,"seed":7,"stop":["x"]})");
  EXPECT_EQ(json::parse(first.requests()[0].body), json::parse(edited));
  EXPECT_THAT(first.requests()[0].body,
              StartsWith("{ \"x\" : [1.0,2e0],\"model\": \"a\", \"temperature\":0.5"));
  EXPECT_EQ(json::parse(first.requests()[1].body)["stop_sequences"], json::parse(R"(["x"])"));
}

TEST_F(RoutingFallback, ShowsEveryTargetTheOriginalRequestOverGrpc) {
  const FakeUpstream first([](const SeenRequest& request) { return Failing(request, 500); });
  const std::string config =
      R"({"strategy":{"mode":"fallback"},"targets":[)" +
      TargetOf(first, "anthropic", R"(,"override_params":{"temperature":0.5,"model":"a"})") + "," +
      TargetOf(first, "openai", R"(,"override_params":{"temperature":0.25})") + "," + TargetOf(second_) +
      "]}";
  for (const bool stream : {false, true}) {
    const RouteCall call{.config = config, .door = Door::kGrpc, .stream = stream};
    EXPECT_EQ(caller_.Call(call).text, "yes");
    json original = json::parse(RestBody(call));
    EXPECT_EQ(json::parse(second_.requests().back().body), original);
    original["temperature"] = 0.25;
    EXPECT_EQ(json::parse(first.requests().back().body), original);
  }
}

// The caller could not read another form of answer than the one it asked for.
TEST_F(RoutingFallback, LeavesItToTheCallerWhetherTheAnswerIsAStream) {
  for (const char* provider : {"openai", "anthropic"}) {
    for (const RouteCall& shape : AtBothDoors({})) {
      RouteCall call = shape;
      call.config = TargetOf(second_, provider,
                             std::string(R"(,"override_params":{"stream":)") +
                                 (call.stream ? "false" : "true") + R"(,"portolan":{"provider":"echo"}})");
      SCOPED_TRACE(Describe(call));
      const RouteAnswer answer = caller_.Call(call);
      EXPECT_EQ(answer.status, 200);
      EXPECT_EQ(answer.text, "yes");
      EXPECT_EQ(answer.Header("x-portolan-ignored"), "override_params.stream, override_params.portolan");
      const json seen = json::parse(second_.requests().back().body);
      EXPECT_EQ(seen.value("stream", false), call.stream);
      EXPECT_FALSE(seen.contains("portolan"));
    }
  }
}

TEST_F(RoutingFallback, CrossesDialectsWithTools) {
  const FakeUpstream broken([](const SeenRequest& request) { return Failing(request, 503); });
  const FakeUpstream tools([](const SeenRequest& request) { return CallingATool(request); });
  for (const bool to_anthropic : {true, false}) {
    const std::string config = R"({"strategy":{"mode":"fallback"},"targets":[)" +
                               TargetOf(broken, to_anthropic ? "openai" : "anthropic") + "," +
                               TargetOf(tools, to_anthropic ? "anthropic" : "openai") + "]}";
    for (const RouteCall& call : AtBothDoors({.config = config, .tools = true})) {
      SCOPED_TRACE(Describe(call));
      const RouteAnswer answer = caller_.Call(call);
      EXPECT_EQ(answer.tool, R"(weather {"city":"Oslo"})");
      EXPECT_EQ(answer.rpc, grpc::OK);
      EXPECT_EQ(answer.done, call.stream && call.door == Door::kRest);
      const json seen = json::parse(tools.requests().back().body)["tools"][0];
      const json parameters =
          to_anthropic ? seen["input_schema"] : seen.value("function", json::object())["parameters"];
      EXPECT_EQ(parameters.dump(), R"({"properties":{"city":{"type":"string"}},"type":"object"})");
    }
  }
}

// What a target cannot do, another may; nobody is called for it.
TEST_F(RoutingFallback, GoesOnWhereATargetLacksTheOperationOrAMember) {
  const FakeUpstream never([](const SeenRequest& request) { return Answering(request, "wrong"); });
  const FakeUpstream embeddings([](const SeenRequest&) {
    return RespondJson(200, R"({"object":"list","model":"m","data":[{"object":"embedding","index":0,)"
                            R"("embedding":[0.5]}],"usage":{"prompt_tokens":1,"total_tokens":1}})");
  });
  const std::string to = TargetOf(never, "anthropic");
  TestClient client(gateway_.http_address());
  const TestAnswer embedded = client.Post(
      "/v1/embeddings", R"({"model":"m","input":"hi"})",
      {{"x-portolan-config", R"({"strategy":{"mode":"fallback","on_status_codes":[503]},"targets":[)" + to +
                                 "," + TargetOf(embeddings) + "]}"}});
  EXPECT_EQ(embedded.status, 200) << embedded.body;
  EXPECT_EQ(embedded.Header("x-portolan-last-used-option-index"), "config.targets[1]");

  std::string two = RestBody({});
  two.replace(two.size() - 1, 1, R"(,"n":2})");
  const TestAnswer answer =
      client.Post("/v1/chat/completions", two,
                  {{"x-portolan-config",
                    R"({"strategy":{"mode":"fallback"},"targets":[)" + to + "," + TargetOf(second_) + "]}"}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(second_.requests().back().body, two);
  EXPECT_THAT(never.requests(), IsEmpty());
}

}  // namespace
}  // namespace portolan::test
