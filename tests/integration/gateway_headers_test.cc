// The headers of answers, who may call from a browser, and what the routes say besides calls.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/integration/support/provider_hosts.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr char kChat[] = "/v1/chat/completions";
constexpr char kBody[] = R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})";
constexpr char kAnswer[] =
    R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]})";
constexpr char kAnthropicAnswer[] =
    R"({"id":"m1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"yes"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}})";

const Headers kProvidersHeaders = {{"Content-Type", "application/json"},
                                   {"Set-Cookie", "a=b"},
                                   {"Server", "cloudflare"},
                                   {"Via", "1.1 edge"},
                                   {"Keep-Alive", "timeout=5"},
                                   {"Strict-Transport-Security", "max-age=1"},
                                   {"CF-Ray", "1"},
                                   {"Access-Control-Allow-Origin", "*"},
                                   {"X-Portolan-Error", "forged"},
                                   {"X-Portkey-Provider", "forged"},
                                   {"Date", "Thu, 01 Jan 1970 00:00:00 GMT"},
                                   {"X-Request-Id", "req_up"},
                                   {"OpenAI-Processing-Ms", "12"},
                                   {"OpenAI-Organization", "org"},
                                   {"X-RateLimit-Remaining-Tokens", "9"},
                                   {"Retry-After-Ms", "5"},
                                   {"X-Should-Retry", "false"}};

std::map<std::string, std::string> AsMap(const Headers& headers) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : headers) out[name] += (out[name].empty() ? "" : "|") + value;
  return out;
}

bool HasHeader(const TestAnswer& answer, const std::string& name) {
  return AsMap(answer.headers).contains(name);
}

class GatewayHeaders : public ::testing::Test {
 protected:
  TestAnswer Ask(const Headers& headers, const std::string& body = kBody) {
    Headers all = headers;
    all.emplace_back("x-portolan-custom-host", upstream_.url());
    return TestClient(gateway_.http_address()).Post(kChat, body, all);
  }
  TestAnswer Send(const std::string& method, const std::string& path, const std::string& body = "",
                  const Headers& headers = {}) {
    TestClient client(gateway_.http_address());
    client.Send(method, path, body, headers);
    return client.ReadAnswer();
  }

  FakeUpstream upstream_{[](const SeenRequest&) { return Respond(200, kAnswer, kProvidersHeaders); }};
  GatewayFixture gateway_;
};

TEST_F(GatewayHeaders, OfAnswersAreTheAllowListAndTheGatewaysOwn) {
  auto headers = AsMap(Ask({{"x-request-id", "call-1"}, {"x-portolan-trace-id", "trace 1"}}).headers);
  EXPECT_NE(headers["date"], "Thu, 01 Jan 1970 00:00:00 GMT");
  headers.erase("date");
  const std::map<std::string, std::string> expected = {
      {"content-type", "application/json"},
      {"content-length", std::to_string(sizeof(kAnswer) - 1)},
      {"openai-processing-ms", "12"},
      {"openai-organization", "org"},
      {"x-ratelimit-remaining-tokens", "9"},
      {"retry-after-ms", "5"},
      {"x-should-retry", "false"},
      {"x-request-id", "call-1"},
      {"x-portolan-trace-id", "trace 1"},
      {"x-portolan-provider", "openai"},
      {"x-portolan-last-used-option-index", "config"},
      {"x-portolan-retry-attempt-count", "0"},
      {"x-portolan-cache-status", "DISABLED"},
      {"x-portolan-upstream-request-id", "req_up"}};
  EXPECT_EQ(headers, expected);
}

// RFC 9110, section 7.6.1.
TEST_F(GatewayHeaders, ThatConnectionNamesGoNoFurther) {
  const FakeUpstream upstream([](const SeenRequest&) {
    return Respond(200, kAnswer,
                   {{"Content-Type", "application/json"},
                    {"Connection", "keep-alive"},
                    {"Connection", "X-RateLimit-Remaining-Tokens , openai-version"},
                    {"X-RateLimit-Remaining-Tokens", "9"},
                    {"OpenAI-Version", "1"},
                    {"OpenAI-Processing-Ms", "12"}});
  });
  Headers headers = {{"x-portolan-custom-host", upstream.url()},
                     {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                     {"idempotency-key", "1"}};
  const auto ask = [&] { return TestClient(gateway_.http_address()).Post(kChat, kBody, headers); };
  const TestAnswer answer = ask();
  EXPECT_EQ(answer.Header("openai-processing-ms"), "12");
  EXPECT_FALSE(HasHeader(answer, "x-ratelimit-remaining-tokens"));
  EXPECT_FALSE(HasHeader(answer, "openai-version"));
  EXPECT_EQ(upstream.requests().back().Header("idempotency-key"), "1");

  headers.emplace_back("connection", "keep-alive, Idempotency-Key");
  EXPECT_EQ(ask().status, 200);
  EXPECT_EQ(upstream.requests().size(), 2u);
  EXPECT_EQ(upstream.requests().back().Header("idempotency-key"), "");
  EXPECT_NE(upstream.requests().back().Header("traceparent"), "");
}

TEST_F(GatewayHeaders, HaveThePrefixThatTheRequestUsed) {
  const FakeUpstream anthropic([](const SeenRequest&) { return RespondJson(200, kAnthropicAnswer); });
  const std::string url = anthropic.url();
  struct Case {
    Headers headers;
    std::string prefix;
    std::string other;
  };
  const std::vector<Case> cases = {
      {{{"x-portolan-custom-host", url}, {"x-portolan-provider", "anthropic"}}, "x-portolan-", "x-portkey-"},
      {{{"x-portkey-custom-host", url}, {"x-portkey-provider", "anthropic"}}, "x-portkey-", "x-portolan-"},
      {{{"x-portkey-custom-host", url}, {"x-portolan-provider", "anthropic"}}, "x-portolan-", "x-portkey-"}};
  for (const Case& test : cases) {
    const std::string body =
        R"({"model":"m","max_tokens":9,"logit_bias":{"1":2},"messages":[{"role":"user","content":"hi"}]})";
    const TestAnswer answer = TestClient(gateway_.http_address()).Post(kChat, body, test.headers);
    EXPECT_EQ(answer.status, 200) << answer.body;
    for (const char* name : {"trace-id", "provider", "last-used-option-index", "cache-status", "dropped"}) {
      EXPECT_TRUE(HasHeader(answer, test.prefix + name)) << test.prefix << name;
      EXPECT_FALSE(HasHeader(answer, test.other + name)) << test.other << name;
    }
    EXPECT_EQ(answer.Header(test.prefix + "dropped"), "logit_bias");
  }
}

TEST_F(GatewayHeaders, ThatContradictEachOtherAreRefused) {
  for (const char* name : {"provider", "trace-id", "request-timeout", "config", "anthropic-beta"}) {
    const TestAnswer answer =
        Ask({{std::string("x-portolan-") + name, "1"}, {std::string("x-portkey-") + name, "2"}});
    EXPECT_EQ(answer.status, 400) << name;
    EXPECT_THAT(answer.body, HasSubstr("\"code\":\"conflicting_headers\""));
  }
  EXPECT_EQ(Ask({{"x-portolan-provider", "openai"}, {"x-portkey-provider", "openai"}}).status, 200);
  EXPECT_EQ(upstream_.requests().size(), 1u);
}

TEST_F(GatewayHeaders, NameTheCall) {
  for (const std::string& good : {std::string("a"), std::string("A-z_0.9"), std::string(128, 'x')}) {
    EXPECT_EQ(Ask({{"x-request-id", good}}).Header("x-request-id"), good);
  }
  for (const std::string& bad :
       {std::string("a b"), std::string("<x>"), std::string(129, 'x'), std::string()}) {
    EXPECT_THAT(Ask({{"x-request-id", bad}}).Header("x-request-id"), MatchesRegex("[0-9a-f]{32}"));
  }
  EXPECT_NE(Ask({}).Header("x-request-id"), Ask({}).Header("x-request-id"));
  EXPECT_EQ(Ask({{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}})
                .Header("x-portolan-trace-id"),
            "0af7651916cd43dd8448eb211c80319c");
  EXPECT_THAT(Ask({{"traceparent", "nonsense"}}).Header("x-portolan-trace-id"), MatchesRegex("[0-9a-f]{32}"));
  // Also where no call is made.
  EXPECT_EQ(Send("GET", "/nowhere", "", {{"x-request-id", "r1"}}).Header("x-request-id"), "r1");
  EXPECT_EQ(Send("POST", kChat, "{", {{"x-request-id", "r2"}}).Header("x-request-id"), "r2");
}

TEST_F(GatewayHeaders, NameWhatAConfigSaysInVain) {
  const TestAnswer answer =
      Ask({{"x-portolan-config", R"({"provider":"openai","virtual_key":"v","cache":{"mode":"simple"}})"}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Header("x-portolan-ignored"), "virtual_key, cache");
  const TestAnswer target =
      Ask({{"x-portolan-config", R"({"targets":[{"provider":"openai","on_status_codes":[500]}]})"}});
  EXPECT_EQ(target.Header("x-portolan-ignored"), "targets[0].on_status_codes");
  EXPECT_EQ(target.Header("x-portolan-last-used-option-index"), "config.targets[0]");
}

TEST(GatewayBrowsers, MayCallFromTheAllowedOriginsOnly) {
  const FakeUpstream upstream([](const SeenRequest&) { return Respond(200, kAnswer, kProvidersHeaders); });
  config::ServeOptions options;
  options.cors_origins = {"https://app.example"};
  options.allowed_hosts = {"gateway.lan"};
  GatewayFixture gateway(options);
  TestClient client(gateway.http_address());
  const auto call = [&](Headers headers) {
    headers.emplace_back("x-portolan-custom-host", upstream.url());
    return client.Post(kChat, kBody, headers);
  };
  const TestAnswer good = call({{"Origin", "https://app.example"}});
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(good.Header("access-control-allow-origin"), "https://app.example");
  EXPECT_EQ(good.Header("vary"), "origin");
  EXPECT_NE(good.Header("access-control-expose-headers"), "");
  EXPECT_FALSE(HasHeader(good, "access-control-allow-credentials"));
  EXPECT_FALSE(HasHeader(call({}), "access-control-allow-origin"));
  EXPECT_EQ(upstream.requests().size(), 2u);

  for (const Headers& wrong : {Headers{{"Content-Type", "text/plain"}}, Headers{{"Content-Encoding", "br"}},
                               Headers{{"x-portolan-provider", "nobody"}}}) {
    Headers headers = wrong;
    headers.emplace_back("Origin", "https://app.example");
    const TestAnswer refused = call(headers);
    EXPECT_GE(refused.status, 400);
    EXPECT_EQ(refused.Header("access-control-allow-origin"), "https://app.example") << refused.body;
  }

  const Headers ask = {{"Origin", "https://app.example"},
                       {"Access-Control-Request-Method", "POST"},
                       {"Access-Control-Request-Headers", "authorization,x-portkey-config"}};
  client.Send("OPTIONS", kChat, "", ask);
  const TestAnswer preflight = client.ReadAnswer();
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.Header("access-control-allow-origin"), "https://app.example");
  EXPECT_THAT(preflight.Header("access-control-allow-methods"), HasSubstr("POST"));
  EXPECT_EQ(preflight.Header("access-control-allow-headers"), "authorization,x-portkey-config");

  for (const char* foreign : {"https://evil.example", "https://app.example.evil.example", "null",
                              "http://app.example", "https://app.example:444"}) {
    const TestAnswer answer = call({{"Origin", foreign}});
    EXPECT_EQ(answer.status, 403) << foreign;
    EXPECT_THAT(answer.body, HasSubstr("\"code\":\"origin_not_allowed\""));
    EXPECT_FALSE(HasHeader(answer, "access-control-allow-origin"));
    TestClient other(gateway.http_address());
    other.Send("OPTIONS", kChat, "", {{"Origin", foreign}, {"Access-Control-Request-Method", "POST"}});
    EXPECT_EQ(other.ReadAnswer().status, 403) << foreign;
  }
  // A name that was made to point here (DNS rebinding).
  for (const char* host : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80"}) {
    const TestAnswer answer = call({{"Host", host}});
    EXPECT_EQ(answer.status, 403) << host;
    EXPECT_THAT(answer.body, HasSubstr("\"code\":\"host_not_allowed\""));
  }
  EXPECT_EQ(upstream.requests().size(), 2u) << "none of these was called upstream";
  for (const char* host : {"localhost", "LOCALHOST:80", "[::1]:1", "gateway.lan", "a.localhost"}) {
    EXPECT_EQ(call({{"Host", host}}).status, 200) << host;
  }
}

TEST_F(GatewayHeaders, AndStatusesOfWhatIsNoCall) {
  const TestAnswer missing = Send("POST", "/v2/nowhere", kBody);
  EXPECT_EQ(missing.status, 404);
  EXPECT_THAT(missing.body, HasSubstr("\"code\":\"route_not_found\""));
  const TestAnswer wrong = Send("DELETE", kChat);
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.Header("allow"), "POST");
  EXPECT_EQ(Send("POST", "/v1/models", kBody).Header("allow"), "GET, HEAD");
  EXPECT_EQ(Send("OPTIONS", kChat).status, 405);
  for (const char* type :
       {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "jsonx"}) {
    EXPECT_EQ(Send("POST", kChat, kBody, {{"Content-Type", type}}).status, 400) << type;
  }
  EXPECT_EQ(Send("POST", kChat, kBody, {{"Content-Encoding", "br"}}).status, 415);
  for (const char* body : {"", "{", "[]", "null", "{}{}", "{\"model\":\"a\",\"model\":\"b\"}"}) {
    const TestAnswer bad = Send("POST", kChat, body);
    EXPECT_EQ(bad.status, 400) << body;
    EXPECT_THAT(bad.body, HasSubstr("\"class\":\"caller\"")) << body;
  }

  const TestAnswer about = Send("GET", "/");
  EXPECT_EQ(about.status, 200);
  EXPECT_THAT(about.body, HasSubstr("\"name\":\"portolan\""));
  for (const std::string& address : {gateway_.http_address(), gateway_.admin_address()}) {
    EXPECT_EQ(TestClient(address).Get("/healthz").status, 200);
    EXPECT_EQ(TestClient(address).Get("/readyz").status, 200);
  }
  TestClient client(gateway_.http_address());
  client.SendRaw("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const TestAnswer head = client.ReadHead();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.Header("content-length"), about.Header("content-length"));
  EXPECT_EQ(client.Get("/healthz").status, 200) << "no body may stand between the two";
}

TEST(GatewayLimits, AreNamed) {
  config::ServeOptions options;
  options.max_body = 100;
  GatewayFixture gateway(options);
  TestClient client(gateway.http_address());
  const TestAnswer large = client.Post(kChat, std::string(101, ' '));
  EXPECT_EQ(large.status, 413);
  EXPECT_THAT(large.body, HasSubstr("100 bytes"));
  TestClient other(gateway.http_address());
  EXPECT_EQ(other.Get("/" + std::string(20000, 'x')).status, 414);
  TestClient third(gateway.http_address());
  EXPECT_EQ(third.Get("/", {{"x-long", std::string(70000, 'x')}}).status, 431);
}

}  // namespace
}  // namespace portolan::test
