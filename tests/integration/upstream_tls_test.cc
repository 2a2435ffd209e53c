// TLS: who is trusted, and how connections are resumed and cut.

#include <gtest/gtest.h>

#include "tests/integration/support/upstream_testing.h"

namespace portolan::upstream {
namespace {

using test::FakeUpstream;
using test::Script;
using test::SeenRequest;
using test::TestAuthority;
using test::TestCertificate;

FakeUpstream::Options Tls(TestCertificate certificate) {
  FakeUpstream::Options options;
  options.tls = std::move(certificate);
  return options;
}

ClientOptions Trust(const TestAuthority& authority) {
  ClientOptions options;
  options.ca_file = authority.ca_file();
  return options;
}

FakeUpstream::Handler Always(Script script) {
  return [script](const SeenRequest&) { return script; };
}

TEST(UpstreamTls, ATrustedServerIsTalkedTo) {
  const TestAuthority authority;
  FakeUpstream upstream(Always(test::Respond(200, "ok")), Tls(authority.Good()));
  ClientThread client(Trust(authority));
  for (int i = 0; i < 3; ++i) {
    const Answer answer = client.Do({.url = upstream.url()});
    EXPECT_EQ(answer.body, "ok") << answer.failure.message;
  }
  EXPECT_EQ(client.Do({.url = "https://" + upstream.host_port()}).body, "ok") << "by its address";
  EXPECT_EQ(upstream.connections().size(), 2u);
  EXPECT_EQ(upstream.connection(1).server_name, "localhost");
  EXPECT_EQ(upstream.connection(2).server_name, "");
}

TEST(UpstreamTls, OthersAreNot) {
  const TestAuthority authority;
  const TestAuthority stranger;
  for (const TestCertificate& certificate : {authority.Expired(), authority.OtherName(), stranger.Good()}) {
    FakeUpstream upstream(Always(test::Respond(200, "ok")), Tls(certificate));
    ClientThread client(Trust(authority));
    const Answer answer = client.Do({.url = upstream.url(), .headers = {{"authorization", "Bearer k"}}});
    EXPECT_EQ(answer.failure.kind, FailureKind::kTls) << answer.failure.message;
    EXPECT_FALSE(answer.failure.request_sent);
    EXPECT_TRUE(upstream.requests().empty());
    EXPECT_NE(answer.failure.message.find("the TLS handshake with localhost:"), std::string::npos);
    EXPECT_NE(answer.failure.message.find("certificate"), std::string::npos) << answer.failure.message;
  }
}

TEST(UpstreamTls, AServerWithoutTlsIsATlsFailure) {
  FakeUpstream::Options options;
  options.on_connect = [](int) { return Script().Send("HTTP/1.1 400 Bad Request\r\n\r\n").Stall(); };
  FakeUpstream upstream(Always(Script()), options);
  ClientThread client;
  EXPECT_EQ(client.Do({.url = "https://" + upstream.host_port()}).failure.kind, FailureKind::kTls);
}

TEST(UpstreamTls, AServerThatHangsUpInTheHandshakeIsAConnectFailure) {
  FakeUpstream::Options options;
  options.on_connect = [](int) { return Script().Close(); };
  FakeUpstream upstream(Always(Script()), options);
  ClientThread client;
  const Answer answer = client.Do({.url = "https://" + upstream.host_port()});
  EXPECT_EQ(answer.failure.kind, FailureKind::kConnectFailed) << answer.failure.message;
}

TEST(UpstreamTls, SessionsAreResumed) {
  const TestAuthority authority;
  FakeUpstream upstream(Always(test::RespondUntilClose(200, "ok")), Tls(authority.Good()));
  ClientThread client(Trust(authority));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.Do({.url = upstream.url()}).body, "ok");
  EXPECT_FALSE(upstream.connection(1).tls_resumed);
  EXPECT_TRUE(upstream.connection(2).tls_resumed);
  EXPECT_TRUE(upstream.connection(3).tls_resumed);
}

TEST(UpstreamTls, ACutWithoutCloseNotifyIsNoEndOfABodyUntilClose) {
  const TestAuthority authority;
  const std::string wire = "HTTP/1.1 200 OK\r\n\r\nall of it";
  for (const bool orderly : {true, false}) {
    Script script;
    script.Send(wire);
    if (orderly) {
      script.Close();
    } else {
      script.CutOff();
    }
    FakeUpstream upstream(Always(script), Tls(authority.Good()));
    ClientThread client(Trust(authority));
    for (const How how : {How::kReadAll, How::kPieces}) {
      const Answer answer = client.Do({.url = upstream.url(), .how = how});
      EXPECT_EQ(answer.failure.kind, orderly ? FailureKind::kNone : FailureKind::kReset)
          << answer.failure.message;
      EXPECT_EQ(answer.end, orderly);
    }
  }
}

TEST(UpstreamTls, AStaleConnectionIsReplaced) {
  const TestAuthority authority;
  for (const bool orderly : {true, false}) {
    FakeUpstream upstream(
        [&](const SeenRequest& request) {
          if (request.connection == 1 && request.number == 2)
            return orderly ? Script().Close() : Script().CutOff();
          return test::Respond(200, "ok");
        },
        Tls(authority.Good()));
    ClientThread client(Trust(authority));
    EXPECT_EQ(client.Do({.url = upstream.url()}).body, "ok");
    const Answer answer = client.Do({.url = upstream.url()});
    EXPECT_EQ(answer.body, "ok") << answer.failure.message;
    EXPECT_EQ(upstream.connections().size(), 2u);
  }
}

TEST(UpstreamTls, LargeBodiesGoBothWays) {
  const TestAuthority authority;
  std::string body(8 << 20, '\0');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 2654435761u >> 13);
  FakeUpstream upstream([](const SeenRequest& request) { return test::Respond(200, request.body); },
                        Tls(authority.Good()));
  ClientThread client(Trust(authority));
  for (const How how : {How::kReadAll, How::kPieces}) {
    EXPECT_TRUE(client.Do({.url = upstream.url(), .body = body, .how = how}).body == body);
  }
}

TEST(UpstreamTls, AServerThatPausesWithinALargeRequestGetsAllOfIt) {
  const TestAuthority authority;
  FakeUpstream::Options options = Tls(authority.Good());
  options.body_window = 1 << 20;
  FakeUpstream upstream([](const SeenRequest& request) { return test::Respond(200, request.body); }, options);
  std::string body(16 << 20, '\0');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 2654435761u >> 13);
  ClientThread client(Trust(authority));
  Call call = client.Start({.url = upstream.url(), .body = body});
  // Longer than a slice of a write, so that writing is interrupted and taken up again.
  ASSERT_TRUE(
      upstream.WaitFor([](const auto& seen) { return !seen.empty() && seen[0].bytes_received >= 1 << 20; }));
  test::Latch never;
  never.Wait(1);
  options.read_on.Release();
  EXPECT_TRUE(call.Wait().body == body);
}

TEST(UpstreamTls, ABadAuthorityFileIsToldAtTheStart) {
  net::Loop loop;
  ClientOptions options;
  options.ca_file = "/nonexistent/ca.pem";
  const auto client = NewClient(loop, options);
  ASSERT_FALSE(client.ok());
  EXPECT_NE(client.status().message().find("/nonexistent/ca.pem"), absl::string_view::npos)
      << client.status();
}

}  // namespace
}  // namespace portolan::upstream
