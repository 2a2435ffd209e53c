// Forward proxies.

#include <gtest/gtest.h>

#include "tests/integration/support/upstream_testing.h"
#include "tests/support/fake_dns.h"

namespace portolan::upstream {
namespace {

using test::FakeDns;
using test::FakeUpstream;
using test::Script;
using test::SeenRequest;

constexpr char kOpened[] = "HTTP/1.1 200 Connection established\r\n\r\n";

FakeUpstream::Handler Ok() {
  return [](const SeenRequest&) { return test::Respond(200, "ok"); };
}

TEST(UpstreamProxy, HttpsGoesThroughATunnelWithCredentials) {
  const test::TestAuthority authority;
  FakeUpstream::Options tls;
  tls.tls = authority.Issue({{"api.example"}, {}, false});
  FakeUpstream target(Ok(), tls);
  FakeUpstream proxy([&](const SeenRequest&) { return Script().Split(kOpened, 5).Tunnel(target.port()); });
  ClientOptions options;
  options.ca_file = authority.ca_file();
  options.https_proxy = "http://user:p%40ss@" + proxy.host_port();
  ClientThread client(options);
  for (int i = 0; i < 2; ++i) {
    const Answer answer =
        client.Do({.url = "https://api.example", .headers = {{"authorization", "Bearer k"}}});
    EXPECT_EQ(answer.body, "ok") << answer.failure.message;
  }
  ASSERT_EQ(proxy.requests().size(), 1u) << "the tunnel is used again";
  const SeenRequest connect = proxy.requests()[0];
  EXPECT_EQ(connect.method, "CONNECT");
  EXPECT_EQ(connect.target, "api.example:443");
  EXPECT_EQ(connect.Header("host"), "api.example:443");
  EXPECT_EQ(connect.Header("proxy-authorization"), "Basic dXNlcjpwQHNz");
  EXPECT_EQ(connect.Header("authorization"), "");
  ASSERT_EQ(target.requests().size(), 2u);
  EXPECT_EQ(target.requests()[0].Header("proxy-authorization"), "");
  EXPECT_EQ(target.requests()[0].Header("host"), "api.example");
  EXPECT_EQ(target.connection(1).server_name, "api.example");
}

TEST(UpstreamProxy, HttpGoesInAbsoluteForm) {
  FakeUpstream proxy(Ok());
  ClientOptions options;
  options.http_proxy = "http://u:p@" + proxy.host_port();
  ClientThread client(options);
  EXPECT_EQ(client.Do({.url = "http://plain.example:8080/base"}).body, "ok");
  const SeenRequest seen = proxy.requests().at(0);
  EXPECT_EQ(seen.target, "http://plain.example:8080/base/v1/x");
  EXPECT_EQ(seen.Header("host"), "plain.example:8080");
  EXPECT_EQ(seen.Header("proxy-authorization"), "Basic dTpw");
}

TEST(UpstreamProxy, LoopbackAndNoProxyGoStraight) {
  FakeUpstream proxy(Ok());
  FakeUpstream target([](const SeenRequest&) { return test::Respond(200, "straight"); });
  const FakeDns dns([](const std::string&, int) { return std::vector<std::string>{"127.0.0.1"}; });
  ClientOptions options;
  options.http_proxy = "http://" + proxy.host_port();
  options.no_proxy = ".inner.example";
  options.dns_servers = dns.host_port();
  ClientThread client(options);
  EXPECT_EQ(client.Do({.url = target.url()}).body, "straight");
  const std::string port = ":" + std::to_string(target.port());
  EXPECT_EQ(client.Do({.url = "http://localhost" + port}).body, "straight");
  EXPECT_EQ(client.Do({.url = "http://a.inner.example" + port}).body, "straight");
  EXPECT_EQ(client.Do({.url = "http://a.outer.example" + port}).body, "ok");
  EXPECT_EQ(proxy.requests().size(), 1u);
}

TEST(UpstreamProxy, AProxyThatRefusesOrMisbehavesIsNamed) {
  struct Case {
    Script script;
    FailureKind kind;
    const char* message;
  };
  const Case kCases[] = {
      {Script().Send("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"),
       FailureKind::kProxy, " refused a tunnel to api.example:443 with status 407"},
      {Script().Send("HTTP/1.1 503 No\r\n\r\n"), FailureKind::kProxy,
       " refused a tunnel to api.example:443 with status 503"},
      {Script().Close(), FailureKind::kProxy, " closed the connection instead of opening a tunnel"},
      {Script().Reset(), FailureKind::kProxy, " closed the connection instead of opening a tunnel"},
      {Script().Send("SSH-2.0\r\n"), FailureKind::kProxy, " does not speak HTTP"},
      {Script().Send(kOpened + std::string("early")), FailureKind::kProxy,
       " sent bytes before the tunnel was used"},
      {Script().Stall(), FailureKind::kConnectTimeout, " timed out after 300 ms"},
  };
  for (const Case& c : kCases) {
    FakeUpstream proxy([&](const SeenRequest&) { return c.script; });
    ClientOptions options;
    options.https_proxy = "http://user:hunter2@" + proxy.host_port();
    options.https_proxy_variable = "HTTPS_PROXY";
    ClientThread client(options);
    Want want{.url = "https://api.example"};
    // Only who stalls needs a limit.
    want.timeouts.connect = std::chrono::milliseconds(c.kind == FailureKind::kConnectTimeout ? 300 : 20'000);
    const Answer answer = client.Do(want);
    EXPECT_EQ(answer.failure.kind, c.kind) << answer.failure.message;
    EXPECT_NE(answer.failure.message.find("proxy " + proxy.host_port() + c.message), std::string::npos)
        << answer.failure.message;
    EXPECT_NE(answer.failure.message.find("(HTTPS_PROXY names this proxy)"), std::string::npos)
        << answer.failure.message;
    EXPECT_EQ(answer.failure.message.find("hunter2"), std::string::npos);
    EXPECT_FALSE(answer.failure.request_sent);
  }
}

TEST(UpstreamProxy, AProxyThatIsNotThereIsAConnectFailure) {
  FakeUpstream proxy(Ok());
  proxy.Stop();
  ClientOptions options;
  options.https_proxy = proxy.host_port();
  ClientThread client(options);
  EXPECT_EQ(client.Do({.url = "https://api.example"}).failure.kind, FailureKind::kConnectRefused);
}

// Whoever reads the message shall know what to change, whatever went wrong on the way.
TEST(UpstreamProxy, FailuresNameTheVariableThatNamesTheProxy) {
  const FakeDns dns([](const std::string&, int) { return std::vector<std::string>(); });
  FakeUpstream gone(Ok());
  gone.Stop();
  struct Case {
    const char* url;
    ClientOptions options;
    const char* message;
  };
  ClientOptions secure_only;
  secure_only.https_proxy = "u:hunter2@" + gone.host_port();
  ClientOptions plain_only;
  plain_only.http_proxy = "http://u:hunter2@" + gone.host_port();
  plain_only.http_proxy_variable = "HTTP_PROXY";
  ClientOptions nowhere;
  nowhere.dns_servers = dns.host_port();
  nowhere.https_proxy = "http://u:hunter2@proxy.example:3128";
  nowhere.https_proxy_variable = "HTTPS_PROXY";
  const Case cases[] = {
      {"https://api.example", secure_only, " refused the connection (https_proxy names this proxy)"},
      {"http://plain.example", plain_only, " refused the connection (HTTP_PROXY names this proxy)"},
      {"https://api.example", nowhere, "there is no host proxy.example (HTTPS_PROXY names this proxy)"},
  };
  for (const Case& c : cases) {
    ClientThread client(c.options);
    const Answer answer = client.Do({.url = c.url});
    EXPECT_NE(answer.failure.message.find(c.message), std::string::npos) << answer.failure.message;
    EXPECT_EQ(answer.failure.message.find("hunter2"), std::string::npos) << answer.failure.message;
  }
}

// As behind a proxy that looks into TLS and whose authority is not trusted here.
TEST(UpstreamProxy, AFailedHandshakeThroughATunnelNamesTheVariableToo) {
  const test::TestAuthority stranger;
  FakeUpstream::Options tls;
  tls.tls = stranger.Issue({{"api.example"}, {}, false});
  FakeUpstream target(Ok(), tls);
  FakeUpstream proxy([&](const SeenRequest&) { return Script().Send(kOpened).Tunnel(target.port()); });
  ClientOptions options;
  options.https_proxy = proxy.host_port();
  ClientThread client(options);
  const Answer answer = client.Do({.url = "https://api.example"});
  EXPECT_EQ(answer.failure.kind, FailureKind::kTls);
  EXPECT_NE(answer.failure.message.find("(through the proxy that https_proxy names)"), std::string::npos)
      << answer.failure.message;
}

TEST(UpstreamProxy, AnUntrustedHostIsCheckedHereAndTheTunnelLeadsToTheCheckedAddress) {
  const FakeDns dns([](const std::string& name, int) {
    return std::vector<std::string>{name == "good.example" ? "93.184.216.34" : "10.0.0.1"};
  });
  FakeUpstream target(Ok());
  FakeUpstream proxy([&](const SeenRequest& request) {
    return request.method == "CONNECT" ? Script().Send(kOpened).Tunnel(target.port()) : Script().Close();
  });
  ClientOptions options;
  options.dns_servers = dns.host_port();
  options.http_proxy = proxy.host_port();
  options.allow_address = MakeAddressPolicy(false, {});
  ClientThread client(options);
  EXPECT_EQ(client.Do({.url = "http://evil.example", .untrusted = true}).failure.kind,
            FailureKind::kForbiddenAddress);
  EXPECT_TRUE(proxy.connections().empty());
  EXPECT_EQ(client.Do({.url = "http://good.example", .untrusted = true}).body, "ok");
  EXPECT_EQ(proxy.requests().at(0).target, "93.184.216.34:80");
  EXPECT_EQ(target.requests().at(0).Header("host"), "good.example");
}

TEST(UpstreamProxy, ABadSettingIsRefusedAtTheStart) {
  net::Loop loop;
  ClientOptions options;
  options.https_proxy = "socks5://user:hunter2@p:1";
  options.https_proxy_variable = "HTTPS_PROXY";
  const auto client = NewClient(loop, options);
  ASSERT_FALSE(client.ok());
  EXPECT_EQ(client.status().message(), "HTTPS_PROXY: only http:// proxies are supported");
  EXPECT_EQ(client.status().message().find("hunter2"), absl::string_view::npos);
}

}  // namespace
}  // namespace portolan::upstream
