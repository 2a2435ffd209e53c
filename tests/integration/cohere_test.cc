// Cohere behind both doors. Answers have the shapes of cohere-ai and of recordings.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using Json = nlohmann::json;

constexpr char kAnswer[] =
    R"({"id":"cf7b","message":{"role":"assistant","content":[{"type":"text","text":"Hello"}]},"finish_reason":"COMPLETE",)"
    R"("usage":{"billed_units":{"input_tokens":3,"output_tokens":2},"tokens":{"input_tokens":70,"output_tokens":4}}})";

std::string Event(const std::string& type, const std::string& members) {
  return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + members + "}\n\n";
}
const std::string kBegun =
    Event("message-start",
          R"(,"id":"cf7b","delta":{"message":{"role":"assistant","content":[],"tool_calls":[]}})") +
    Event("content-start", R"(,"index":0,"delta":{"message":{"content":{"type":"text","text":""}}})") +
    Event("content-delta", R"(,"index":0,"delta":{"message":{"content":{"text":"Hel"}}})");
const std::string kRest =
    Event("content-delta", R"(,"index":0,"delta":{"message":{"content":{"text":"lo"}}})") +
    Event("content-end", R"(,"index":0)");
const std::string kEnd = Event(
    "message-end",
    R"(,"delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":3,"output_tokens":2},)"
    R"("tokens":{"input_tokens":70,"output_tokens":4}}})");
const std::string kDone = "data: [DONE]\n\n";

bool Streams(const SeenRequest& request) { return Json::parse(request.body).value("stream", false); }

Script Sse(const std::string& bytes) {
  return Script().Split(Respond(200, bytes, {{"Content-Type", "text/event-stream"}}).steps()[0].bytes, 61);
}

Script Hello(const SeenRequest& request) {
  return Streams(request) ? Sse(kBegun + kRest + kEnd + kDone) : RespondJson(200, kAnswer);
}

// A target of a config.
std::string Target(const FakeUpstream& upstream) {
  return R"({"provider":"cohere","custom_host":")" + upstream.url() + R"(","api_key":"key"})";
}

class Cohere : public ::testing::Test {
 protected:
  const GatewayFixture gateway_;
  const RouteCaller caller_{gateway_};
};

TEST_F(Cohere, AnswersAtBothDoors) {
  const FakeUpstream upstream(Hello);
  for (const RouteCall& call : AtBothDoors({.config = Target(upstream)})) {
    SCOPED_TRACE(Describe(call));
    const RouteAnswer answer = caller_.Call(call);
    EXPECT_EQ(answer.status, 200) << answer.body << answer.message;
    EXPECT_EQ(answer.text, "Hello");
    EXPECT_FALSE(answer.broke);
    const SeenRequest seen = upstream.requests().back();
    EXPECT_EQ(seen.target, "/v2/chat");
    EXPECT_EQ(seen.Header("authorization"), "Bearer key");
    EXPECT_EQ(Json::parse(seen.body), Json({{"model", "m"},
                                            {"stream", call.stream},
                                            {"messages", {{{"role", "user"}, {"content", "hi"}}}},
                                            {"max_tokens", 9}}));
    if (call.door == Door::kRest && call.stream) EXPECT_TRUE(answer.done);
    if (call.door == Door::kRest && !call.stream) {
      EXPECT_EQ(Json::parse(answer.body)["usage"]["prompt_tokens"], 70);
    }
  }
}

TEST_F(Cohere, AStreamMayLackItsMark) {
  const FakeUpstream upstream([](const SeenRequest&) { return Sse(kBegun + kRest + kEnd); });
  const RouteAnswer answer = caller_.Call({.config = Target(upstream), .stream = true});
  EXPECT_EQ(answer.text, "Hello");
  EXPECT_TRUE(answer.done);
  EXPECT_FALSE(answer.broke);
}

TEST_F(Cohere, AStreamThatEndsInAnErrorIsNoGoodOne) {
  const FakeUpstream upstream([](const SeenRequest&) {
    return Sse(
        kBegun +
        Event("message-end", R"(,"delta":{"finish_reason":"ERROR","usage":{},"error":"No valid response"})") +
        kDone);
  });
  for (const Door door : {Door::kRest, Door::kGrpc}) {
    const RouteAnswer answer = caller_.Call({.config = Target(upstream), .door = door, .stream = true});
    EXPECT_TRUE(answer.broke);
    EXPECT_FALSE(answer.done);
    EXPECT_EQ(answer.code, "ERROR");
    EXPECT_EQ(answer.message, "No valid response");
  }
}

TEST_F(Cohere, ErrorsAreToldInTheCallersWords) {
  const FakeUpstream upstream([](const SeenRequest&) {
    return RespondJson(400, R"({"error_type":"TOO_MANY_TOKENS","id":"c167","message":"too many tokens"})");
  });
  for (const RouteCall& call : AtBothDoors({.config = Target(upstream)})) {
    SCOPED_TRACE(Describe(call));
    const RouteAnswer answer = caller_.Call(call);
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.code, "TOO_MANY_TOKENS");
    EXPECT_EQ(answer.message, "too many tokens");
  }
}

TEST_F(Cohere, ServesAnthropicsCallers) {
  const FakeUpstream upstream(Hello);
  const TestAnswer answer =
      TestClient(gateway_.http_address())
          .Post("/v1/messages", R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})",
                {{"x-portolan-config", Target(upstream)}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json said = Json::parse(answer.body);
  EXPECT_EQ(said["content"], Json::parse(R"([{"type":"text","text":"Hello"}])"));
  EXPECT_EQ(said["stop_reason"], "end_turn");
  EXPECT_EQ(said["usage"]["input_tokens"], 70);
}

}  // namespace
}  // namespace portolan::test
