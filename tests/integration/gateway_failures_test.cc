// What callers are told when a provider fails.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/fake_upstream.h"
#include "tests/support/full_listener.h"
#include "tests/support/gateway_fixture.h"
#include "tests/unit/base/address_rules.h"

namespace portolan::test {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kBody[] = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";
constexpr char kStreamBody[] = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})";
constexpr char kAnswer[] =
    R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]})";
const std::string kEvent =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":null}]}\n\n";
const Headers kEventStream = {{"Content-Type", "text/event-stream"}, {"Transfer-Encoding", "chunked"}};

Headers To(const std::string& url, Headers more = {}) {
  more.emplace_back("x-portolan-custom-host", url);
  return more;
}

TestAnswer Ask(const GatewayFixture& gateway, const std::string& url, const std::string& body = kBody,
               const Headers& more = {}) {
  return TestClient(gateway.http_address()).Post("/v1/chat/completions", body, To(url, more));
}

// An error in OpenAI's shape, made by the gateway.
void ExpectError(const TestAnswer& answer, int status, const std::string& error_class,
                 const std::string& code, int attempts = 1) {
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.Header("content-type"), "application/json");
  EXPECT_THAT(answer.body, StartsWith("{\"error\":{\"message\":\""));
  EXPECT_THAT(answer.body, HasSubstr("\"portolan\":{\"class\":\"" + error_class + "\",\"code\":\"" + code +
                                     "\",\"attempts\":" + std::to_string(attempts) + ","));
}

class GatewayFailures : public ::testing::Test {
 protected:
  GatewayFixture gateway_;
};

TEST_F(GatewayFailures, OfAConnectionAreBadGateways) {
  struct Case {
    const char* what;
    Script script;
    const char* code;
  };
  const std::string head = Head(200, {{"Content-Type", "application/json"}, {"Content-Length", "100"}});
  const std::vector<Case> cases = {
      {"closed without an answer", Script().CutOff(), "upstream_reset"},
      {"reset without an answer", Script().Reset(), "upstream_reset"},
      {"closed inside the head", Script().Send("HTTP/1.1 200 OK\r\nConte").CutOff(), "upstream_reset"},
      {"not HTTP", Script().Send("SSH-2.0-OpenSSH_9.2\r\n\r\n").Stall(), "upstream_invalid_answer"},
      {"a header without a colon", Script().Send("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n").Stall(),
       "upstream_invalid_answer"},
      {"two lengths",
       Script().Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}").Stall(),
       "upstream_invalid_answer"},
      {"a chunk size that is none",
       Script().Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n").Stall(),
       "upstream_invalid_answer"},
      {"a body cut short", Script().Send(head + "{\"id\":").CutOff(), "upstream_reset"},
      {"a body reset", Script().Send(head + "{\"id\":").Reset(), "upstream_reset"},
      {"a body without its last chunk",
       Script()
           .Send(Head(200, {{"Content-Type", "application/json"}, {"Transfer-Encoding", "chunked"}}) +
                 Chunk(kAnswer))
           .CutOff(),
       "upstream_reset"},
      {"half a JSON text", RespondJson(200, "{\"id\":"), "upstream_invalid_answer"},
      {"no JSON", RespondJson(200, "hello"), "upstream_invalid_answer"},
      {"a JSON array", RespondJson(200, "[]"), "upstream_invalid_answer"},
      {"an empty body", RespondJson(200, ""), "upstream_invalid_answer"},
      {"no content", Script().Send("HTTP/1.1 204 No Content\r\n\r\n"), "upstream_invalid_answer"},
      {"half of an event stream nobody asked for", RespondEvents({kEvent}), "upstream_truncated"},
      {"a redirect", Respond(302, "", {{"Location", "http://127.0.0.1:1/"}}), "upstream_invalid_answer"},
      {"not modified", Script().Send("HTTP/1.1 304 Not Modified\r\n\r\n"), "upstream_invalid_answer"},
  };
  for (const Case& test : cases) {
    for (const char* body : {kBody, kStreamBody}) {
      if (body == kStreamBody && test.what == std::string("half of an event stream nobody asked for"))
        continue;
      SCOPED_TRACE(test.what + std::string(body == kStreamBody ? ", of a stream" : ""));
      const FakeUpstream upstream([&](const SeenRequest&) { return test.script; });
      ExpectError(Ask(gateway_, upstream.url(), body), 502, "provider", test.code);
    }
  }
}

TEST_F(GatewayFailures, OfAnUpstreamThatDoesNotListen) {
  FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, kAnswer); });
  const std::string url = upstream.url();
  upstream.Stop();
  ExpectError(Ask(gateway_, url), 502, "provider", "upstream_connection_refused");
}

TEST_F(GatewayFailures, ToldByTheProviderInTheCallersDialectPassUntouched) {
  // Spelling, order and members that nobody knows are the provider's own.
  const std::string body =
      "{ \"error\" : {\"code\": \"c\",\"message\":\"bad \\u00e9\", \"x\":1e2} ,\"y\":[]}";
  struct Case {
    int status;
    const char* error_class;
    bool retryable;
  };
  const std::vector<Case> cases = {
      {400, "caller", false},  {402, "provider", false}, {404, "caller", false},
      {409, "provider", true}, {422, "caller", false},   {429, "provider", true},
      {500, "provider", true}, {503, "provider", true},  {529, "provider", true}};
  for (const Case& test : cases) {
    for (const char* request : {kBody, kStreamBody}) {
      SCOPED_TRACE(test.status);
      const FakeUpstream upstream([&](const SeenRequest&) {
        return Respond(test.status, body, {{"Content-Type", "application/json"}, {"Retry-After", "7"}});
      });
      const TestAnswer answer = Ask(gateway_, upstream.url(), request);
      EXPECT_EQ(answer.status, test.status);
      EXPECT_EQ(answer.body, body);
      EXPECT_EQ(answer.Header("retry-after"), "7");
      EXPECT_EQ(answer.Header("x-portolan-error"),
                "{\"class\":\"" + std::string(test.error_class) +
                    "\",\"code\":\"c\",\"attempts\":1,\"retryable\":" + (test.retryable ? "true" : "false") +
                    ",\"retry_after_ms\":7000,\"upstream\":{\"method\":\"POST\",\"url\":\"" + upstream.url() +
                    "/chat/completions\"}}");
    }
  }
}

TEST_F(GatewayFailures, InAnyOtherShapeAreWrapped) {
  const FakeUpstream page([](const SeenRequest&) {
    return Respond(503, "<html><h1>Down for maintenance</h1></html>", {{"Content-Type", "text/html"}});
  });
  ExpectError(Ask(gateway_, page.url()), 503, "provider", "upstream_status_503");
  const FakeUpstream anthropic([](const SeenRequest&) {
    return RespondJson(
        529,
        R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"})");
  });
  const std::string body = R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":"hi"}]})";
  const TestAnswer wrapped = Ask(gateway_, anthropic.url(), body, {{"x-portolan-provider", "anthropic"}});
  ExpectError(wrapped, 529, "provider", "overloaded_error");
  EXPECT_THAT(wrapped.body, HasSubstr("\"message\":\"Overloaded\""));
}

// The status has come and is kept; the caller learns that there was more to know.
TEST_F(GatewayFailures, WhoseBodyIsLostSayThatItIs) {
  const FakeUpstream cut([](const SeenRequest&) {
    return Script()
        .Send(Head(429,
                   {{"Content-Type", "application/json"}, {"Retry-After", "7"}, {"Content-Length", "99"}}) +
              R"({"error":{"message":"slow)")
        .CutOff();
  });
  const FakeUpstream huge([](const SeenRequest&) {
    return RespondJson(429, R"({"error":{"message":")" + std::string(2 << 20, 'x') + R"("}})");
  });
  for (const FakeUpstream* upstream : {&cut, &huge}) {
    for (const char* body : {kBody, kStreamBody}) {
      const TestAnswer answer = Ask(gateway_, upstream->url(), body);
      ExpectError(answer, 429, "provider", "upstream_status_429");
      EXPECT_THAT(answer.body, HasSubstr("answered with status 429, and what it said is lost: "));
    }
  }
}

TEST_F(GatewayFailures, UnderAGoodStatusAreErrors) {
  const std::string said = R"({"error":{"message":"no credit","code":"broke"}})";
  const FakeUpstream upstream([&](const SeenRequest&) { return RespondJson(200, said); });
  for (const char* body : {kBody, kStreamBody}) {
    const TestAnswer answer = Ask(gateway_, upstream.url(), body);
    EXPECT_EQ(answer.status, 502);
    EXPECT_EQ(answer.body, said);
    EXPECT_THAT(answer.Header("x-portolan-error"),
                StartsWith(R"({"class":"provider","code":"broke","attempts":1,)"));
  }
}

TEST_F(GatewayFailures, LeaveTheCallersConnectionUsable) {
  const FakeUpstream upstream(InSequence({Script().Reset(), RespondJson(200, kAnswer)}));
  TestClient client(gateway_.http_address());
  EXPECT_EQ(client.Post("/v1/chat/completions", kBody, To(upstream.url())).status, 502);
  EXPECT_EQ(client.Post("/v1/chat/completions", kBody, To(upstream.url())).body, kAnswer);
}

// With one limit at a time, so that no other is met on a busy machine.
TEST(GatewayTimeouts, OfItsOwnAreGatewayTimeouts) {
  config::ServeOptions to_connect;
  to_connect.connect_timeout = milliseconds(100);
  const FullListener full;
  ExpectError(Ask(GatewayFixture(to_connect), "http://" + full.host_port()), 504, "provider",
              "upstream_connect_timeout");
  config::ServeOptions to_first_byte;
  to_first_byte.first_byte_timeout = milliseconds(100);
  const FakeUpstream silent([](const SeenRequest&) { return Script().Stall(); });
  ExpectError(Ask(GatewayFixture(to_first_byte), silent.url()), 504, "provider",
              "upstream_first_byte_timeout");
  config::ServeOptions between_bytes;
  between_bytes.idle_timeout = milliseconds(100);
  const GatewayFixture gateway(between_bytes);
  const FakeUpstream slow([](const SeenRequest&) {
    return Script()
        .Send(Head(200, {{"Content-Type", "application/json"}, {"Content-Length", "9"}}) + "{")
        .Stall();
  });
  ExpectError(Ask(gateway, slow.url()), 504, "provider", "upstream_idle_timeout");
  const FakeUpstream stream(
      [](const SeenRequest&) { return Script().Send(Head(200, kEventStream) + Chunk(kEvent)).Stall(); });
  const TestAnswer broken = Ask(gateway, stream.url(), kStreamBody);
  EXPECT_THAT(broken.body, StartsWith(kEvent + "data: {\"error\""));
  EXPECT_THAT(broken.body, HasSubstr("upstream_idle_timeout"));
  EXPECT_TRUE(stream.WaitForClientToLeave(1)) << "the upstream call is given up";
}

TEST_F(GatewayFailures, OfTheCallersOwnTimeoutAreRequestTimeouts) {
  const FakeUpstream silent([](const SeenRequest&) { return Script().Stall(); });
  const FakeUpstream stream(
      [](const SeenRequest&) { return Script().Send(Head(200, kEventStream) + Chunk(kEvent)).Stall(); });
  for (const char* name : {"x-portolan-request-timeout", "x-portkey-request-timeout"}) {
    SCOPED_TRACE(name);
    for (const char* body : {kBody, kStreamBody}) {
      // Long enough for the call to be made.
      ExpectError(Ask(gateway_, silent.url(), body, {{name, "300"}}), 408, "caller", "request_timeout");
    }
    // Long enough for the first event to come.
    const TestAnswer broken = Ask(gateway_, stream.url(), kStreamBody, {{name, "1000"}});
    EXPECT_EQ(broken.status, 200);
    EXPECT_TRUE(broken.complete);
    EXPECT_THAT(broken.body, StartsWith(kEvent + "data: {\"error\""));
    EXPECT_THAT(broken.body, HasSubstr(R"("class":"caller","code":"request_timeout","attempts":1)"));
  }
  for (const char* wrong : {"0", "-1", "soon", "1.5", "99999999999999999999"}) {
    ExpectError(Ask(gateway_, silent.url(), kBody, {{"x-portolan-request-timeout", wrong}}), 400, "caller",
                "invalid_request_timeout", 0);
  }
}

// A target's own limits take the place of the gateway's.
TEST_F(GatewayFailures, OfATargetsLimitsAreTimeoutsOfTheGateway) {
  const FakeUpstream silent([](const SeenRequest&) { return Script().Stall(); });
  ExpectError(Ask(gateway_, silent.url(), kBody, {{"x-portolan-config", R"({"first_byte_timeout":50})"}}),
              504, "provider", "upstream_first_byte_timeout");
  const FakeUpstream half([](const SeenRequest&) {
    return Script()
        .Send(Head(200, {{"Content-Type", "application/json"}, {"Content-Length", "9"}}) + "{")
        .Stall();
  });
  ExpectError(Ask(gateway_, half.url(), kBody, {{"x-portolan-config", R"({"idle_timeout":50})"}}), 504,
              "provider", "upstream_idle_timeout");
  const FullListener full;
  ExpectError(Ask(gateway_, "http://" + full.host_port(), kBody,
                  {{"x-portolan-config", R"({"connect_timeout":50})"}}),
              504, "provider", "upstream_connect_timeout");
}

// A config's request_timeout is for one attempt: all of its body, of a stream what comes before the content.
TEST_F(GatewayFailures, OfAnAttemptsTimeoutAreRequestTimeouts) {
  const Headers limit = {{"x-portolan-config", R"({"request_timeout":100})"}};
  const FakeUpstream silent([](const SeenRequest&) { return Script().Stall(); });
  ExpectError(Ask(gateway_, silent.url(), kBody, limit), 408, "caller", "request_timeout");
  ExpectError(Ask(gateway_, silent.url(), kStreamBody, limit), 408, "caller", "request_timeout");

  const Headers chunked_json = {{"Content-Type", "application/json"}, {"Transfer-Encoding", "chunked"}};
  const FakeUpstream half(
      [&](const SeenRequest&) { return Script().Send(Head(200, chunked_json) + Chunk("{")).Stall(); });
  ExpectError(Ask(gateway_, half.url(), kBody, limit), 408, "caller", "request_timeout");

  // Long enough for the first event to come.
  const Headers longer = {{"x-portolan-config", R"({"request_timeout":1000})"}};
  Latch go;
  const FakeUpstream slow_end([&](const SeenRequest&) {
    return Script()
        .Send(Head(200, kEventStream) + Chunk(kEvent))
        .Hold(go)
        .Send(Chunk("data: [DONE]\n\n") + Chunk(""));
  });
  TestClient client(gateway_.http_address());
  Headers headers = longer;
  headers.push_back({"x-portolan-custom-host", slow_end.url()});
  ASSERT_TRUE(client.Send("POST", "/v1/chat/completions", kStreamBody, headers));
  ASSERT_EQ(client.ReadHead().status, 200);
  // By then more than the limit has gone by.
  ExpectError(Ask(gateway_, silent.url(), kBody, longer), 408, "caller", "request_timeout");
  go.Release();
  std::string body;
  while (body.find("[DONE]") == std::string::npos && !client.closed()) body += client.ReadRaw();
  EXPECT_THAT(body, HasSubstr(kEvent));
  EXPECT_THAT(body, Not(HasSubstr("error")));
}

// A gateway that other machines can reach lets no caller point it at the inside of its network.
TEST(GatewayAddressPolicy, ForbidsPrivateAddressesUnlessAllowed) {
  const FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, kAnswer); });
  for (const bool allowed : {false, true}) {
    config::ServeOptions options;
    options.http = "0.0.0.0:0";
    options.grpc = options.admin = "127.0.0.1:0";
    options.threads = 1;
    options.log_level = telemetry::LogLevel::kError;
    if (allowed) options.allow_upstream = Rules({"127.0.0.0/8"});
    auto gateway = Gateway::Start(options, [](const char*) -> const char* { return nullptr; });
    ASSERT_TRUE(gateway.ok()) << gateway.status().ToString();
    const std::string address = (*gateway)->http_address();
    TestClient client("127.0.0.1" + address.substr(address.rfind(':')));
    const TestAnswer answer = client.Post("/v1/chat/completions", kBody, To(upstream.url()));
    if (allowed) {
      EXPECT_EQ(answer.body, kAnswer);
      continue;
    }
    ExpectError(answer, 403, "policy", "upstream_address_forbidden", 0);
    const std::string port = ":" + std::to_string(upstream.port());
    for (const char* host :
         {"http://localhost", "http://2130706433", "http://0x7f.1", "http://[::ffff:127.0.0.1]",
          "http://0.0.0.0", "http://169.254.169.254", "http://[::1]"}) {
      SCOPED_TRACE(host);
      const int status = client.Post("/v1/chat/completions", kBody, To(host + port)).status;
      EXPECT_TRUE(status == 403 || status == 400) << status;
    }
    EXPECT_EQ(upstream.connections().size(), 0u);
  }
}

}  // namespace
}  // namespace portolan::test
