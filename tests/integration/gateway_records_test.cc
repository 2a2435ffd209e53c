// What the gateway keeps of a call, in its log and its metrics: enough to count and to find it, and nothing
// of what was said or with which key.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "tests/integration/support/error_output.h"
#include "tests/integration/support/logged_gateway.h"
#include "tests/integration/support/provider_hosts.h"
#include "tests/support/eventually.h"
#include "tests/support/gateway_fixture.h"
#include "tests/unit/telemetry/exposition_check.h"

namespace portolan::test {
namespace {

using telemetry::ParsedExposition;
using ::testing::HasSubstr;
using ::testing::Not;

// Every secret and every word of a conversation in these tests holds this.
constexpr char kMark[] = "UNSPEAKABLE";
constexpr char kBody[] =
    R"({"model":"gpt-4o","max_tokens":9,"user":"UNSPEAKABLE","messages":[{"role":"user","content":"UNSPEAKABLE"}]})";
constexpr char kStreamBody[] =
    R"({"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"UNSPEAKABLE"}]})";
constexpr char kAnswer[] =
    R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"UNSPEAKABLE"},"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}})";
constexpr char kChat[] = "/v1/chat/completions";

ParsedExposition Scrape(const GatewayFixture& gateway) {
  const TestAnswer answer = TestClient(gateway.admin_address()).Get("/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.Header("content-type"), HasSubstr("text/plain; version=0.0.4"));
  EXPECT_THAT(answer.body, Not(HasSubstr(kMark)));
  return telemetry::ParseExposition(answer.body);
}

// A call is counted when its answer has left, and one number after the other: the caller may be quicker.
// Scrapes until the sample has this value.
void ExpectCount(const GatewayFixture& gateway, const std::string& name,
                 const std::map<std::string, std::string>& labels, double value) {
  EXPECT_TRUE(Eventually([&] { return Scrape(gateway).Value(name, labels); }, value))
      << name << " " << ::testing::PrintToString(labels);
}

TEST(GatewayMetrics, CountCallsTokensAndErrors) {
  const FakeUpstream upstream([](const SeenRequest& request) {
    if (request.body == kStreamBody) return RespondJson(500, R"({"error":{"message":"UNSPEAKABLE"}})");
    return RespondJson(200, kAnswer);
  });
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const Headers to = {{"x-portolan-custom-host", upstream.url()}};
  for (int i = 0; i < 3; ++i) ASSERT_EQ(client.Post(kChat, kBody, to).status, 200);
  ASSERT_EQ(client.Post(kChat, kStreamBody, to).status, 500);
  ASSERT_EQ(client.Post(kChat, "{", to).status, 400);
  ExpectCount(gateway, "portolan_errors_total", {{"class", "caller"}, {"code", "invalid_json"}}, 1);
  const std::map<std::string, std::string> good = {
      {"door", "http"}, {"route", kChat}, {"provider", "openai"}, {"model", "gpt-4o"}};
  auto labels = good;
  labels["status"] = "200";
  ExpectCount(gateway, "portolan_requests_total", labels, 3);
  labels["status"] = "500";
  ExpectCount(gateway, "portolan_requests_total", labels, 1);
  ExpectCount(gateway, "portolan_requests_total", {{"status", "400"}}, 1);
  ExpectCount(gateway, "portolan_tokens_total", {{"kind", "input"}, {"model", "gpt-4o"}}, 33);
  ExpectCount(gateway, "portolan_tokens_total", {{"kind", "output"}, {"model", "gpt-4o"}}, 21);
  ExpectCount(gateway, "portolan_errors_total", {{"class", "provider"}, {"code", "http_500"}}, 1);
  ExpectCount(gateway, "portolan_open_calls", {{"door", "http"}}, 0);
  ExpectCount(gateway, "portolan_open_connections", {{"door", "http"}}, 1);
  EXPECT_EQ(Scrape(gateway).problem, "");
}

TEST(GatewayMetrics, CountOpenStreamsAndWhoLeft) {
  const FakeUpstream upstream([](const SeenRequest&) {
    return Script()
        .Send(Head(200, {{"Content-Type", "text/event-stream"}, {"Transfer-Encoding", "chunked"}}) +
              Chunk("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"UNSPEAKABLE\"}}]}\n\n"))
        .Stall();
  });
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  client.Send("POST", kChat, kStreamBody, {{"x-portolan-custom-host", upstream.url()}});
  ASSERT_EQ(client.ReadHead().status, 200);
  ExpectCount(gateway, "portolan_open_streams", {}, 1);
  client.Close();
  ASSERT_TRUE(upstream.WaitForClientToLeave(1));
  ExpectCount(gateway, "portolan_requests_total", {{"status", "499"}}, 1);
  ExpectCount(gateway, "portolan_open_streams", {}, 0);
}

// Calls that succeed, fail upstream, break, or are refused, with marked keys everywhere a key can stand.
TEST(GatewayLog, HasALineForEveryCallAndNothingOfItsContents) {
  ErrorOutput output;
  {
    const std::string stream =
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"UNSPEAKABLE\"}}]}\n\n";
    ProviderHosts hosts([&](const SeenRequest& request) {
      const std::string kind = request.Header("x-client-request-id");
      if (kind == "garbage") return Script().Send("UNSPEAKABLE\r\n\r\n").CutOff();
      if (kind == "error") {
        return RespondJson(400, R"({"error":{"message":"UNSPEAKABLE","code":"invalid_prompt"}})");
      }
      if (kind == "text") return Respond(500, "UNSPEAKABLE", {{"Content-Type", "text/plain"}});
      if (kind == "no-json") return RespondJson(200, "UNSPEAKABLE");
      if (kind == "stream") return RespondEvents({stream, "data: UNSPEAKABLE\n\n"});
      return RespondJson(200, kAnswer);
    });
    config::ServeOptions options = hosts.Options();
    options.http = options.grpc = options.admin = "127.0.0.1:0";
    options.threads = 1;
    options.log_level = telemetry::LogLevel::kDebug;
    options.caller_keys = {Secret("UNSPEAKABLE-caller")};
    options.admin_key = Secret("UNSPEAKABLE-admin");
    const std::map<std::string, std::string> environment = {{"OPENAI_API_KEY", "UNSPEAKABLE-gateway"}};
    auto gateway = Gateway::Start(options, [&](const char* name) -> const char* {
      const auto found = environment.find(name);
      return found == environment.end() ? nullptr : found->second.c_str();
    });
    ASSERT_TRUE(gateway.ok());
    const auto call = [&](const std::string& id, const std::string& body, Headers headers) {
      headers.emplace_back("x-request-id", "call-" + id);
      headers.emplace_back("x-client-request-id", id);
      return TestClient((*gateway)->http_address())
          .Post(kChat + std::string("?k=UNSPEAKABLE"), body, headers)
          .status;
    };
    const Headers key = {{"x-portolan-api-key", "UNSPEAKABLE-caller"}};
    Headers direct = key;
    direct.emplace_back("Authorization", "Bearer UNSPEAKABLE-theirs");
    Headers config = key;
    config.emplace_back("x-portolan-config", R"({"api_key":"UNSPEAKABLE-config"})");
    Headers broken = key;
    broken.emplace_back("x-portolan-config", R"({"api_key":"UNSPEAKABLE-config","UNSPEAKABLE)");
    Headers user = key;
    user.emplace_back("x-portolan-custom-host", "http://u:UNSPEAKABLE@127.0.0.1:1/UNSPEAKABLE");
    EXPECT_EQ(call("good", kBody, key), 200);
    EXPECT_EQ(call("direct", kBody, direct), 200);
    EXPECT_EQ(call("config", kBody, config), 200);
    EXPECT_EQ(call("stream", kStreamBody, key), 200);
    EXPECT_EQ(call("error", kBody, key), 400);
    EXPECT_EQ(call("text", kBody, key), 500);
    EXPECT_EQ(call("no-json", kBody, key), 502);
    EXPECT_EQ(call("garbage", kBody, key), 502);
    EXPECT_EQ(call("broken", kBody, broken), 400);
    EXPECT_EQ(call("user", kBody, user), 400);
    EXPECT_EQ(call("syntax", R"({"messages":"UNSPEAKABLE",)", key), 400);
    EXPECT_EQ(call("type", R"({"model":"gpt-4o","messages":["UNSPEAKABLE"]})", key), 400);
    EXPECT_EQ(call("stranger", kBody, {{"Authorization", "Bearer UNSPEAKABLE-stranger"}}), 401);
    EXPECT_EQ(TestClient((*gateway)->admin_address())
                  .Get("/metrics", {{"Authorization", "Bearer UNSPEAKABLE"}})
                  .status,
              401);
    const TestAnswer metrics = TestClient((*gateway)->admin_address())
                                   .Get("/metrics", {{"Authorization", "Bearer UNSPEAKABLE-admin"}});
    EXPECT_EQ(metrics.status, 200);
    EXPECT_THAT(metrics.body, Not(HasSubstr(kMark)));
    (*gateway)->Drain();
  }
  const std::string log = output.Restore();
  for (const std::string& line : LinesWith(log, kMark)) ADD_FAILURE() << line;
  // Besides these there are the lines of their steps.
  std::string calls;
  for (const std::string& line : LinesWith(log, R"("msg":"call")")) calls += line + "\n";
  for (const char* id : {"good", "direct", "config", "stream", "error", "text", "no-json", "garbage",
                         "broken", "user", "syntax", "type", "stranger"}) {
    EXPECT_EQ(LinesWith(calls, "\"request_id\":\"call-" + std::string(id) + "\"").size(), 1u) << id;
  }
  const std::vector<std::string> good = LinesWith(calls, "\"call-good\"");
  ASSERT_EQ(good.size(), 1u);
  for (const char* part :
       {R"("status":200)", R"("provider":"openai")", R"("model":"gpt-4o")", R"("tokens_input":11)",
        R"("target":"https://api.openai.com")", R"("attempts":1)", R"("finish":"stop")"}) {
    EXPECT_THAT(good[0], HasSubstr(part));
  }
}

// A kept connection that dies with the request on it: the provider was called twice, of which the caller sees
// nothing.
TEST(GatewayRecords, CountWhatWasSentAgain) {
  const FakeUpstream upstream([](const SeenRequest& request) {
    return request.number == 2 ? Script().CutOff() : RespondJson(200, kAnswer);
  });
  LoggedGateway gateway;
  TestClient client(gateway.http_address());
  for (const char* id : {"first", "again"}) {
    const TestAnswer answer =
        client.Post(kChat, kBody, {{"x-portolan-custom-host", upstream.url()}, {"x-request-id", id}});
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
  ASSERT_EQ(upstream.requests().size(), 3u);
  const std::map<std::string, std::string> labels = {{"provider", "openai"}, {"model", "gpt-4o"}};
  EXPECT_TRUE(Eventually([&] { return gateway.Count("portolan_upstream_resends_total", labels); }, 1));
  EXPECT_TRUE(Eventually([&] { return gateway.Count("portolan_upstream_attempts_total", labels); }, 3));
  const std::string line = LineOfCall(gateway.End(), "again");
  EXPECT_THAT(line, HasSubstr(R"("attempts":2,)"));
  EXPECT_THAT(line, HasSubstr(R"("resends":1,)"));
}

// The beginning of a stream of 11 and, so far, 7 tokens.
std::string BeginningOf(const std::string& provider) {
  if (provider == "google") {
    return R"(data: {"candidates":[{"content":{"parts":[{"text":"UNSPEAKABLE"}],"role":"model"}}],)"
           R"("usageMetadata":{"promptTokenCount":11,"candidatesTokenCount":7,"totalTokenCount":18}})"
           "\n\n";
  }
  return R"(data: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant",)"
         R"("model":"gpt-4o","content":[],"stop_reason":null,"usage":{"input_tokens":11,"output_tokens":7}}})"
         "\n\n"
         R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"
         "\n\n"
         R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"UNSPEAKABLE"}})"
         "\n\n";
}

class TokensOfTranslatedStreams : public ::testing::TestWithParam<const char*> {
 protected:
  // Asks for a stream of which no more comes than its beginning. `end` is what becomes of it then.
  void Run(Script::Step::Kind end, bool leaves, const std::string& code) {
    const FakeUpstream upstream([&](const SeenRequest&) {
      Script script;
      script.Send(Head(200, {{"Content-Type", "text/event-stream"}, {"Transfer-Encoding", "chunked"}}) +
                  Chunk(BeginningOf(GetParam())));
      return end == Script::Step::Kind::kStall ? script.Stall() : script.CutOff();
    });
    LoggedGateway gateway;
    TestClient client(gateway.http_address());
    client.Send("POST", kChat, kStreamBody,
                {{"x-portolan-custom-host", upstream.url()},
                 {"x-portolan-provider", GetParam()},
                 {"x-request-id", "it"}});
    ASSERT_EQ(client.ReadHead().status, 200);
    if (leaves) client.Close();
    const auto counted = [&](const std::string& kind) {
      return gateway.Count("portolan_tokens_total", {{"provider", GetParam()}, {"kind", kind}});
    };
    EXPECT_TRUE(Eventually([&] { return counted("input"); }, 11));
    EXPECT_TRUE(Eventually([&] { return counted("output"); }, 7));
    const std::string line = LineOfCall(gateway.End(), "it");
    EXPECT_THAT(line, HasSubstr(R"("tokens_input":11,"tokens_output":7,)"));
    EXPECT_THAT(line, HasSubstr(code));
  }
};

TEST_P(TokensOfTranslatedStreams, CountWhereTheStreamBreaks) {
  Run(Script::Step::Kind::kCutOff, false, R"("error_class":"provider")");
}

TEST_P(TokensOfTranslatedStreams, CountWhereTheCallerLeaves) {
  Run(Script::Step::Kind::kStall, true, R"("status":499)");
}

INSTANTIATE_TEST_SUITE_P(All, TokensOfTranslatedStreams, ::testing::Values("anthropic", "google"),
                         [](const auto& test) { return std::string(test.param); });

// Where no route matched, the path that was asked for, and nothing of its query.
TEST(GatewayLog, NamesThePathThatIsNotThere) {
  ErrorOutput output;
  {
    config::ServeOptions options;
    options.http = options.grpc = options.admin = "127.0.0.1:0";
    options.threads = 1;
    options.log_level = telemetry::LogLevel::kInfo;
    auto gateway = Gateway::Start(options, [](const char*) -> const char* { return nullptr; });
    ASSERT_TRUE(gateway.ok());
    TestClient client((*gateway)->http_address());
    const auto get = [&](const std::string& id, const std::string& path) {
      return client.Get(path, {{"x-request-id", id}}).status;
    };
    EXPECT_EQ(get("missing", "/v1/v1//models?key=UNSPEAKABLE"), 404);
    EXPECT_EQ(get("wrong", "/v1/completions?key=UNSPEAKABLE"), 405);
    EXPECT_EQ(get("endless", "/" + std::string(10'000, 'x')), 404);
    EXPECT_EQ(get("good", "/v1/models"), 200);
    (*gateway)->Drain();
  }
  const std::string log = output.Restore();
  EXPECT_THAT(log, Not(HasSubstr(kMark)));
  const auto line = [&](const std::string& id) {
    const std::vector<std::string> lines = LinesWith(log, "\"request_id\":\"" + id + "\"");
    EXPECT_EQ(lines.size(), 1u) << id;
    return lines.empty() ? "" : lines[0];
  };
  EXPECT_THAT(line("missing"), HasSubstr(R"("path":"/v1/v1//models")"));
  EXPECT_THAT(line("missing"), HasSubstr(R"("error_code":"route_not_found")"));
  EXPECT_THAT(line("wrong"), HasSubstr(R"("path":"/v1/completions")"));
  EXPECT_LT(line("endless").size(), 800u);
  EXPECT_THAT(line("good"), Not(HasSubstr("\"path\"")));
}

}  // namespace
}  // namespace portolan::test
