// POST /v1/messages: relayed to providers that speak Anthropic's dialect, translated for all others, and
// errors in Anthropic's words. Shapes and orders are those of Anthropic's API reference and its SDKs' types.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

// With members that no type of the gateway's knows, odd numbers and layout.
constexpr char kRequest[] =
    R"({ "model":"claude-sonnet-4-5","max_tokens":64, "x_new":{"a":[1.50,1e2]},)"
    R"("system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],)"
    R"("messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"novel","n":1}]}]})";
constexpr char kAnswer[] =
    R"({"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text",)"
    R"("text":"Hello"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":3},)"
    R"("x_future": {"b" : 2.0}})";
constexpr char kPlain[] = R"({"model":"m","max_tokens":64,"messages":[{"role":"user","content":"hi"}]})";
constexpr char kPlainStream[] =
    R"({"model":"m","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"hi"}]})";

std::string Event(const std::string& name, const std::string& members) {
  return "event: " + name + "\ndata: {\"type\":\"" + name + "\"" + members + "}\n\n";
}

const std::string kBegun =
    Event("message_start",
          R"(,"message":{"id":"msg_01","type":"message","role":"assistant","model":"c","content":[],)"
          R"("stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}})") +
    Event("ping", "") +
    Event("content_block_start", R"(,"index":0,"content_block":{"type":"text","text":""})") +
    Event("content_block_delta", R"(,"index":0,"delta":{"type":"text_delta","text":"Hello"})");
const std::string kReason =
    Event("content_block_stop", R"(,"index":0)") + Event("novel_event", R"(,"x":1)") +
    Event("message_delta",
          R"(,"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":3})");
const std::string kStop = Event("message_stop", "");

struct SseEvent {
  std::string name;
  Json data;
};

// By hand, as the product's own reader is under test.
std::vector<SseEvent> Events(const std::string& body) {
  std::vector<SseEvent> events;
  size_t begin = 0;
  for (size_t end = 0; (end = body.find("\n\n", begin)) != std::string::npos; begin = end + 2) {
    const std::string block = body.substr(begin, end - begin);
    if (block.starts_with(":")) continue;
    const size_t line = block.find("\ndata: ");
    EXPECT_TRUE(block.starts_with("event: ") && line != std::string::npos) << block;
    if (line == std::string::npos) continue;
    events.push_back({block.substr(7, line - 7), Json::parse(block.substr(line + 7))});
    EXPECT_EQ(events.back().data["type"], events.back().name);
  }
  EXPECT_EQ(begin, body.size()) << body;
  return events;
}

std::vector<std::string> Names(const std::vector<SseEvent>& events) {
  std::vector<std::string> names;
  for (const SseEvent& event : events) names.push_back(event.name);
  return names;
}

class MessagesDoor : public ::testing::Test {
 protected:
  explicit MessagesDoor(config::ServeOptions options = {}) : gateway_(std::move(options)) {}

  TestAnswer Call(const std::string& body, Headers headers, const std::string& path = "/v1/messages") {
    return TestClient(gateway_.http_address()).Post(path, body, headers);
  }
  static Headers To(const FakeUpstream& upstream, const std::string& provider, Headers more = {}) {
    more.push_back({"x-portolan-custom-host", upstream.url() + "/v1"});
    more.push_back({"x-portolan-provider", provider});
    return more;
  }

  GatewayFixture gateway_;
};

TEST_F(MessagesDoor, RelaysToItsOwnDialectByteForByte) {
  const FakeUpstream upstream([](const SeenRequest&) {
    return Respond(200, kAnswer, {{"Content-Type", "application/json"}, {"request-id", "req_upstream"}});
  });
  const TestAnswer answer =
      Call(kRequest,
           To(upstream, "anthropic",
              {{"x-api-key", "sk-ant"}, {"anthropic-version", "2026-10-21"}, {"anthropic-beta", "a-1,b-2"}}),
           "/v1/messages?beta=true");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, kAnswer);
  EXPECT_EQ(answer.Header("request-id"), "req_upstream");
  const SeenRequest seen = upstream.requests().at(0);
  EXPECT_EQ(seen.target, "/v1/messages?beta=true");
  EXPECT_EQ(seen.body, kRequest);
  EXPECT_EQ(seen.Header("x-api-key"), "sk-ant");
  EXPECT_EQ(seen.CountHeader("authorization"), 0);
  EXPECT_EQ(seen.Header("anthropic-version"), "2026-10-21");
  EXPECT_EQ(seen.Header("anthropic-beta"), "a-1,b-2");
}

TEST_F(MessagesDoor, KeepsABearerABearerTowardsAnthropic) {
  const FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, kAnswer); });
  EXPECT_EQ(Call(kPlain, To(upstream, "anthropic", {{"authorization", "Bearer token"}})).status, 200);
  EXPECT_EQ(upstream.requests().at(0).Header("authorization"), "Bearer token");
  EXPECT_EQ(upstream.requests().at(0).CountHeader("x-api-key"), 0);
  EXPECT_EQ(
      Call(kPlain, To(upstream, "anthropic", {{"authorization", "Bearer token"}, {"x-api-key", "k"}})).status,
      200);
  EXPECT_EQ(upstream.requests().at(1).Header("x-api-key"), "k");
  EXPECT_EQ(upstream.requests().at(1).CountHeader("authorization"), 0);
}

TEST_F(MessagesDoor, TakesTheKeyOfItsHeaderForAnyProvider) {
  const FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, R"({"choices":[]})"); });
  Call(kPlain, To(upstream, "openai", {{"x-api-key", "sk-1"}}));
  Call(kPlain, To(upstream, "openai", {{"authorization", "Bearer sk-2"}, {"x-api-key", "sk-1"}}));
  Call(kPlain, To(upstream, "google", {{"x-api-key", "AIza"}}));
  ASSERT_TRUE(upstream.WaitForRequests(3));
  EXPECT_EQ(upstream.requests()[0].Header("authorization"), "Bearer sk-1");
  EXPECT_EQ(upstream.requests()[1].Header("authorization"), "Bearer sk-2");
  EXPECT_EQ(upstream.requests()[2].Header("x-goog-api-key"), "AIza");
  for (const SeenRequest& seen : upstream.requests()) EXPECT_EQ(seen.CountHeader("x-api-key"), 0);
}

// The header is that of one door: at the others it is nobody's key.
TEST_F(MessagesDoor, AloneTakesAKeyInItsHeader) {
  const FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, R"({"choices":[]})"); });
  Call(kPlain, To(upstream, "openai", {{"x-api-key", "sk-1"}}), "/v1/chat/completions");
  ASSERT_TRUE(upstream.WaitForRequests(1));
  EXPECT_EQ(upstream.requests()[0].CountHeader("authorization"), 0);
  EXPECT_EQ(upstream.requests()[0].CountHeader("x-api-key"), 0);
}

TEST_F(MessagesDoor, RelaysStreamsWithPingsAndWhatNobodyKnows) {
  for (const std::string& sent : {kBegun + kReason + kStop, kBegun + kReason}) {
    const FakeUpstream upstream(
        [&](const SeenRequest&) { return Respond(200, sent, {{"Content-Type", "text/event-stream"}}); });
    const TestAnswer answer = Call(kPlainStream, To(upstream, "anthropic", {{"x-api-key", "k"}}));
    EXPECT_EQ(answer.status, 200);
    // A server that leaves the last event out has said all: callers wait for it.
    EXPECT_EQ(answer.body, kBegun + kReason + kStop);
    EXPECT_TRUE(answer.complete);
  }
}

TEST_F(MessagesDoor, EndsABrokenStreamWithAnErrorEvent) {
  const FakeUpstream upstream(
      [](const SeenRequest&) { return Respond(200, kBegun, {{"Content-Type", "text/event-stream"}}); });
  const TestAnswer answer = Call(kPlainStream, To(upstream, "anthropic", {{"x-api-key", "k"}}));
  ASSERT_TRUE(answer.body.starts_with(kBegun)) << answer.body;
  const auto events = Events(answer.body.substr(kBegun.size()));
  ASSERT_THAT(Names(events), ElementsAre("error"));
  EXPECT_EQ(events[0].data["error"]["type"], "api_error");
  EXPECT_EQ(events[0].data["error"]["portolan"]["code"], "upstream_truncated");
}

TEST_F(MessagesDoor, PassesAnthropicsErrorsUntouched) {
  constexpr char kError[] =
      R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded","x":1},"request_id":"req_1"})";
  const FakeUpstream upstream([&](const SeenRequest&) { return RespondJson(529, kError); });
  const TestAnswer answer = Call(kPlain, To(upstream, "anthropic", {{"x-api-key", "k"}}));
  EXPECT_EQ(answer.status, 529);
  EXPECT_EQ(answer.body, kError);

  const std::string event = Event("error", R"(,"error":{"type":"overloaded_error","message":"Overloaded"})");
  const FakeUpstream streams([&](const SeenRequest&) {
    return Respond(200, kBegun + event, {{"Content-Type", "text/event-stream"}});
  });
  EXPECT_EQ(Call(kPlainStream, To(streams, "anthropic", {{"x-api-key", "k"}})).body, kBegun + event);
}

TEST_F(MessagesDoor, TranslatesForOtherProviders) {
  const FakeUpstream upstream([](const SeenRequest&) {
    return RespondJson(
        200,
        R"({"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt","choices":[{"index":0,)"
        R"("message":{"role":"assistant","content":"Hello","tool_calls":[{"id":"call_1","type":"function",)"
        R"("function":{"name":"f","arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls"}],"usage":)"
        R"({"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4}}})");
  });
  const TestAnswer answer = Call(
      R"({"model":"gpt","max_tokens":64,"system":"Be brief.","stop_sequences":["END"],"messages":[)"
      R"({"role":"user","content":[{"type":"text","text":"hi"}]}],"tools":[{"name":"f","description":"d",)"
      R"("input_schema":{"type":"object","properties":{"a":{"type":"integer"}}}}],"tool_choice":{"type":"any"}})",
      To(upstream, "openai", {{"authorization", "Bearer sk"}}));
  EXPECT_EQ(answer.status, 200) << answer.body;
  const SeenRequest seen = upstream.requests().at(0);
  EXPECT_EQ(seen.target, "/v1/chat/completions");
  EXPECT_EQ(seen.Header("authorization"), "Bearer sk");
  const Json sent = Json::parse(seen.body);
  EXPECT_EQ(sent["messages"][0]["role"], "system");
  EXPECT_EQ(sent["messages"][1]["role"], "user");
  EXPECT_EQ(sent["tools"][0]["function"]["name"], "f");
  EXPECT_EQ(sent["tool_choice"], "required");
  EXPECT_FALSE(sent.contains("content_blocks"));
  for (const Json& message : sent["messages"]) EXPECT_FALSE(message.contains("content_blocks")) << message;

  const Json said = Json::parse(answer.body);
  EXPECT_EQ(said["type"], "message");
  EXPECT_EQ(said["role"], "assistant");
  EXPECT_EQ(said["content"][0]["type"], "text");
  EXPECT_EQ(said["content"][0]["text"], "Hello");
  EXPECT_EQ(said["content"][1]["type"], "tool_use");
  EXPECT_EQ(said["content"][1]["id"], "call_1");
  EXPECT_EQ(said["content"][1]["input"], Json::parse(R"({"a":1})"));
  EXPECT_EQ(said["stop_reason"], "tool_use");
  EXPECT_TRUE(said["stop_sequence"].is_null());
  EXPECT_EQ(said["usage"]["input_tokens"], 6);
  EXPECT_EQ(said["usage"]["cache_read_input_tokens"], 4);
  EXPECT_EQ(said["usage"]["output_tokens"], 5);
  EXPECT_FALSE(answer.Header("request-id").empty());
}

TEST_F(MessagesDoor, TranslatesStreamsIntoLegalEvents) {
  const FakeUpstream upstream([](const SeenRequest&) {
    return Respond(
        200,
        OpenAiDelta(R"({"role":"assistant","content":""})") + OpenAiDelta(R"({"content":"Hel"})") +
            OpenAiDelta(R"({"content":"lo"})") +
            "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","
            "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
            "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","
            "\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2,\"total_tokens\":9}}\n\n"
            "data: [DONE]\n\n",
        {{"Content-Type", "text/event-stream"}});
  });
  const TestAnswer answer = Call(kPlainStream, To(upstream, "openai", {{"authorization", "Bearer sk"}}));
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, Not(HasSubstr("[DONE]")));
  const auto events = Events(answer.body);
  EXPECT_THAT(Names(events),
              ElementsAre("message_start", "content_block_start", "content_block_delta",
                          "content_block_delta", "content_block_stop", "message_delta", "message_stop"));
  EXPECT_EQ(events[5].data["delta"]["stop_reason"], "end_turn");
  EXPECT_EQ(events[5].data["usage"]["output_tokens"], 2);
  EXPECT_EQ(events[5].data["usage"]["input_tokens"], 7);
  // The grammar of this API demands the counts, so they are asked for.
  const Json sent = Json::parse(upstream.requests().at(0).body);
  EXPECT_EQ(sent["stream_options"]["include_usage"], true);
}

TEST_F(MessagesDoor, SaysErrorsOfOthersInAnthropicsWords) {
  const FakeUpstream upstream([](const SeenRequest&) {
    return RespondJson(429,
                       R"({"error":{"message":"slow down","type":"tokens","code":"rate_limit_exceeded"}})");
  });
  const TestAnswer answer = Call(kPlain, To(upstream, "openai", {{"authorization", "Bearer sk"}}));
  EXPECT_EQ(answer.status, 429);
  const Json error = Json::parse(answer.body);
  EXPECT_EQ(error["type"], "error");
  EXPECT_EQ(error["error"]["type"], "rate_limit_error");
  EXPECT_EQ(error["error"]["message"], "slow down");
  EXPECT_EQ(error["error"]["portolan"]["class"], "provider");
  EXPECT_EQ(error["request_id"], answer.Header("request-id"));
}

TEST_F(MessagesDoor, SaysItsOwnErrorsInAnthropicsWords) {
  const auto expect = [](const TestAnswer& answer, int status, const char* type) {
    EXPECT_EQ(answer.status, status) << answer.body;
    const Json error = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
    EXPECT_EQ(error.value("type", ""), "error") << answer.body;
    EXPECT_EQ(error["error"]["type"], type) << answer.body;
    EXPECT_EQ(error["request_id"], answer.Header("request-id"));
    EXPECT_FALSE(answer.Header("request-id").empty());
  };
  expect(Call("{", {}), 400, "invalid_request_error");
  expect(Call(R"({"model":"m","max_tokens":"many","messages":[]})", {{"x-api-key", "k"}}), 400,
         "invalid_request_error");
  expect(Call(kPlain, {}), 401, "authentication_error");
  expect(Call(kPlain, {{"x-portolan-provider", "nobody"}}), 400, "invalid_request_error");
  expect(Call(kPlain, {{"content-type", "text/plain"}}), 400, "invalid_request_error");
  TestClient client(gateway_.http_address());
  expect(client.Get("/v1/messages"), 405, "invalid_request_error");
  expect(client.Get("/v1/messages/%2e%2e/files"), 400, "invalid_request_error");
  expect(client.Get("/v1/messages/batches"), 401, "authentication_error");
  // Elsewhere errors are OpenAI's.
  EXPECT_THAT(client.Get("/v1/messagesx").body, HasSubstr(R"({"error":{"message":)"));
}

// Other providers: token_count_test.cc.
TEST_F(MessagesDoor, RelaysTheCountingOfTokens) {
  constexpr char kCount[] = R"({"input_tokens":14})";
  const FakeUpstream upstream([&](const SeenRequest&) { return RespondJson(200, kCount); });
  const std::string path = "/v1/messages/count_tokens";
  const TestAnswer counted = Call(kPlain, To(upstream, "anthropic", {{"x-api-key", "k"}}), path);
  EXPECT_EQ(counted.body, kCount);
  EXPECT_EQ(upstream.requests().at(0).target, path);
  EXPECT_EQ(upstream.requests().at(0).body, kPlain);

  const TestAnswer refused = Call(kPlain, To(upstream, "openai", {{"authorization", "Bearer k"}}), path);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(Json::parse(refused.body)["error"]["portolan"]["code"], "unsupported_operation");
  EXPECT_EQ(upstream.requests().size(), 1u);
}

TEST_F(MessagesDoor, IsAnsweredByTheBuiltInProviderToo) {
  const TestAnswer whole = Call(kPlain, {{"x-portolan-provider", "echo"}});
  EXPECT_EQ(whole.status, 200) << whole.body;
  EXPECT_EQ(Json::parse(whole.body)["content"][0]["text"], "hi");
  const TestAnswer stream = Call(kPlainStream, {{"x-portolan-provider", "echo"}});
  const auto events = Events(stream.body);
  ASSERT_GE(events.size(), 6u);
  EXPECT_EQ(events.front().name, "message_start");
  EXPECT_EQ(events.back().name, "message_stop");
}

// The error of the first is nobody's business but the route's.
TEST_F(MessagesDoor, FallsBackFromOneDialectToAnother) {
  const FakeUpstream anthropic([](const SeenRequest&) {
    return RespondJson(529, R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})");
  });
  const FakeUpstream openai([](const SeenRequest&) {
    return RespondJson(
        200, R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,)"
             R"("message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]})");
  });
  const std::string config =
      R"({"strategy":{"mode":"fallback"},"targets":[{"provider":"anthropic","api_key":"a",)"
      R"("custom_host":")" +
      anthropic.url() + R"(/v1"},{"provider":"openai","api_key":"b","custom_host":")" + openai.url() +
      R"(/v1","override_params":{"model":"gpt"}}]})";
  const TestAnswer answer = Call(kPlain, {{"x-portolan-config", config}});
  EXPECT_EQ(Json::parse(answer.body)["content"][0]["text"], "yes") << answer.body;
  EXPECT_EQ(anthropic.requests().at(0).body, kPlain);
  EXPECT_EQ(Json::parse(openai.requests().at(0).body)["model"], "gpt");
}

// One piece where a stream was asked for, and the reverse.
TEST_F(MessagesDoor, ReshapesWhatIsNotAsItWasAskedFor) {
  const FakeUpstream whole([](const SeenRequest&) { return RespondJson(200, kAnswer); });
  const auto events = Events(Call(kPlainStream, To(whole, "anthropic", {{"x-api-key", "k"}})).body);
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.front().name, "message_start");
  EXPECT_EQ(events.back().name, "message_stop");

  const FakeUpstream stream([](const SeenRequest&) {
    return Respond(200, kBegun + kReason + kStop, {{"Content-Type", "text/event-stream"}});
  });
  const Json said = Json::parse(Call(kPlain, To(stream, "anthropic", {{"x-api-key", "k"}})).body);
  EXPECT_EQ(said["type"], "message");
  EXPECT_EQ(said["content"][0]["text"], "Hello");
  EXPECT_EQ(said["usage"]["output_tokens"], 3);
}

class MessagesDoorWithCallers : public MessagesDoor {
 protected:
  static config::ServeOptions Options() {
    config::ServeOptions options;
    options.caller_keys = {Secret("caller-1")};
    return options;
  }
  MessagesDoorWithCallers() : MessagesDoor(Options()) {}
};

TEST_F(MessagesDoorWithCallers, TakesACallerKeyWhereAnthropicsClientsSendTheirs) {
  const FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, kAnswer); });
  EXPECT_EQ(Call(kPlain, To(upstream, "anthropic", {{"x-api-key", "wrong"}})).status, 401);
  EXPECT_EQ(Call(kPlain, To(upstream, "anthropic", {{"x-api-key", "caller-1"}})).status, 200);
  EXPECT_EQ(upstream.requests().at(0).CountHeader("x-api-key"), 0);
  EXPECT_EQ(Call(kPlain, To(upstream, "anthropic", {{"authorization", "Bearer caller-1"}})).status, 200);
  EXPECT_THAT(upstream.requests().at(1).raw_head, Not(HasSubstr("caller-1")));
  // At the hub's door it is a provider's key and nothing else.
  EXPECT_EQ(
      Call(kPlain, To(upstream, "anthropic", {{"x-api-key", "caller-1"}}), "/v1/chat/completions").status,
      401);
}

}  // namespace
}  // namespace portolan::test
