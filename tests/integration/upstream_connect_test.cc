// Names, addresses and what they may be.

#include <gtest/gtest.h>

#include "tests/integration/support/upstream_testing.h"
#include "tests/support/fake_dns.h"

namespace portolan::upstream {
namespace {

using test::FakeDns;
using test::FakeUpstream;
using test::SeenRequest;

using Addresses = std::vector<std::string>;

FakeUpstream::Handler Ok() {
  return [](const SeenRequest&) { return test::Respond(200, "ok"); };
}

ClientOptions With(const FakeDns& dns, AddressPolicy policy = nullptr) {
  ClientOptions options;
  options.dns_servers = dns.host_port();
  options.allow_address = std::move(policy);
  return options;
}

std::string Url(const std::string& host, const FakeUpstream& upstream) {
  return "http://" + host + ":" + std::to_string(upstream.port());
}

TEST(UpstreamConnect, NamesAreLookedUpOnceAndSentAsHost) {
  const FakeDns dns([](const std::string&, int) { return Addresses{"127.0.0.1"}; });
  FakeUpstream upstream([](const SeenRequest&) { return test::RespondUntilClose(200, "ok"); });
  ClientThread client(With(dns));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.Do({.url = Url("one.example", upstream)}).body, "ok");
  EXPECT_EQ(dns.queries(), 1);
  EXPECT_EQ(upstream.connections().size(), 3u);
  EXPECT_EQ(upstream.requests()[0].Header("host"), "one.example:" + std::to_string(upstream.port()));
}

TEST(UpstreamConnect, ANameThatDoesNotExistIsADnsFailure) {
  const FakeDns dns([](const std::string&, int) { return Addresses{}; });
  ClientThread client(With(dns));
  const Answer answer = client.Do({.url = "http://missing.example"});
  EXPECT_EQ(answer.failure.kind, FailureKind::kDns);
  EXPECT_EQ(answer.failure.message, "there is no host missing.example");
  EXPECT_FALSE(answer.failure.request_sent);
}

TEST(UpstreamConnect, FallsBackToTheNextAddress) {
  // Nothing listens on 127.0.0.2 at this port.
  const FakeDns dns([](const std::string&, int) { return Addresses{"127.0.0.2", "127.0.0.3", "127.0.0.1"}; });
  FakeUpstream upstream(Ok());
  ClientThread client(With(dns));
  EXPECT_EQ(client.Do({.url = Url("many.example", upstream)}).body, "ok");
}

TEST(UpstreamConnect, RefusedIsToldFromOtherFailures) {
  FakeUpstream upstream(Ok());
  upstream.Stop();
  ClientThread client;
  const Answer answer = client.Do({.url = upstream.url()});
  EXPECT_EQ(answer.failure.kind, FailureKind::kConnectRefused);
  EXPECT_EQ(answer.failure.message, upstream.host_port() + " refused the connection");
  EXPECT_FALSE(answer.failure.request_sent);
}

TEST(UpstreamConnect, AnUntrustedHostMustResolveToAnAllowedAddress) {
  const FakeDns dns([](const std::string& name, int) {
    return name == "mixed.example" ? Addresses{"10.0.0.1", "127.0.0.1"} : Addresses{"127.0.0.1"};
  });
  FakeUpstream upstream(Ok());
  ClientThread strict(With(dns, MakeAddressPolicy(false, {})));
  for (const std::string& host : {std::string("evil.example"), std::string("127.0.0.1"), std::string("[::1]"),
                                  std::string("localhost"), std::string("[::ffff:127.0.0.1]")}) {
    const Answer answer = strict.Do({.url = Url(host, upstream), .untrusted = true});
    EXPECT_EQ(answer.failure.kind, FailureKind::kForbiddenAddress) << host << " " << answer.failure.message;
    EXPECT_FALSE(answer.failure.request_sent);
  }
  EXPECT_TRUE(upstream.connections().empty());
  EXPECT_EQ(strict.Do({.url = Url("trusted.example", upstream)}).body, "ok")
      << "the operator's own hosts go anywhere";

  ClientThread loopback(With(dns, MakeAddressPolicy(true, {})));
  EXPECT_EQ(loopback.Do({.url = Url("evil.example", upstream), .untrusted = true}).body, "ok");
  // 10.0.0.1 is left out, 127.0.0.1 taken.
  EXPECT_EQ(loopback.Do({.url = Url("mixed.example", upstream), .untrusted = true}).body, "ok");
}

TEST(UpstreamConnect, AForbiddenAddressIsNotTold) {
  const FakeDns dns([](const std::string&, int) { return Addresses{"10.11.12.13"}; });
  ClientThread client(With(dns, MakeAddressPolicy(false, {})));
  const Answer answer = client.Do({.url = "http://probe.example", .untrusted = true});
  EXPECT_EQ(answer.failure.message, "the address of probe.example:80 is not allowed");
}

TEST(UpstreamConnect, ANameThatChangesItsAddressIsCheckedAtEachConnection) {
  // DNS rebinding: an allowed address first, an inner one later; never cached.
  const FakeDns dns(
      [](const std::string&, int nth) { return Addresses{nth == 1 ? "127.0.0.1" : "127.0.0.9"}; }, 0);
  FakeUpstream upstream([](const SeenRequest&) { return test::RespondUntilClose(200, "ok"); });
  std::vector<std::string> checked;
  const AddressPolicy policy = [&](const std::string& host, const net::SocketAddress& address) {
    checked.push_back(host + " " + address.ToString());
    return address.ToString().starts_with("127.0.0.1:");
  };
  ClientThread client(With(dns, policy));
  EXPECT_EQ(client.Do({.url = Url("rebind.example", upstream), .untrusted = true}).body, "ok");
  EXPECT_EQ(client.Do({.url = Url("rebind.example", upstream), .untrusted = true}).failure.kind,
            FailureKind::kForbiddenAddress);
  const std::string port = ":" + std::to_string(upstream.port());
  EXPECT_EQ(checked,
            (std::vector<std::string>{"rebind.example 127.0.0.1" + port, "rebind.example 127.0.0.9" + port}));
}

}  // namespace
}  // namespace portolan::upstream
