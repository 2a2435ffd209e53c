// When connections are shared between calls, and when they are not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "tests/integration/support/upstream_testing.h"

namespace portolan::upstream {
namespace {

using test::FakeUpstream;
using test::Latch;
using test::Respond;
using test::Script;
using test::SeenConnection;
using test::SeenRequest;

constexpr char kAnswer[] = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

FakeUpstream::Handler Always(Script script) {
  return [script](const SeenRequest&) { return script; };
}

TEST(UpstreamReuse, CallsInARowShareOneConnection) {
  FakeUpstream upstream([](const SeenRequest& request) {
    return request.number % 2 == 0 ? test::RespondChunked(200, {"o", "k"}) : Respond(200, "ok");
  });
  ClientThread client;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.Do({.url = upstream.url()}).body, "ok");
  EXPECT_EQ(upstream.connections().size(), 1u);
  EXPECT_EQ(upstream.connection(1).requests, 10);
}

TEST(UpstreamReuse, WritesTheRequestAsToldAndNothingElse) {
  FakeUpstream upstream(Always(Respond(200, "ok")));
  ClientThread client;
  client.Do({.url = upstream.url() + "/base",
             .path = "/v1/chat?x=%20y",
             .headers = {{"authorization", "Bearer k"}, {"x-b", "2"}, {"x-a", "1"}},
             .body = "{\"a\":1}"});
  const SeenRequest seen = upstream.requests().at(0);
  EXPECT_EQ(seen.raw_head, "POST /base/v1/chat?x=%20y HTTP/1.1\r\nhost: " + upstream.host_port() +
                               "\r\nauthorization: Bearer k\r\nx-b: 2\r\nx-a: 1\r\ncontent-length: 7\r\n");
  EXPECT_EQ(seen.body, "{\"a\":1}");
}

TEST(UpstreamReuse, CallsAtOnceHaveConnectionsOfTheirOwnAndTheLastUsedIsTakenFirst) {
  Latch first_may_end;
  FakeUpstream upstream([&](const SeenRequest& request) {
    Script script;
    if (request.target == "/first") script.Hold(first_may_end);
    return std::move(script).Send(kAnswer);
  });
  ClientThread client;
  Call first = client.Start({.url = upstream.url(), .path = "/first"});
  ASSERT_TRUE(upstream.WaitForRequests(1));
  client.Do({.url = upstream.url(), .path = "/second"});
  ASSERT_EQ(upstream.connections().size(), 2u);
  first_may_end.Release();
  first.Wait();
  client.Do({.url = upstream.url(), .path = "/third"});
  EXPECT_EQ(upstream.requests().at(2).connection, 1);  // where /first was answered last
  EXPECT_EQ(upstream.connections().size(), 2u);
}

TEST(UpstreamReuse, KeepsNoMoreIdleConnectionsThanAllowed) {
  Latch go;
  FakeUpstream upstream([&](const SeenRequest&) { return Script().Hold(go).Send(kAnswer); });
  ClientOptions options;
  options.max_idle_per_origin = 2;
  ClientThread client(options);
  std::vector<Call> calls;
  for (int i = 0; i < 5; ++i) calls.push_back(client.Start({.url = upstream.url()}));
  ASSERT_TRUE(upstream.WaitForRequests(5));
  go.Release();
  for (Call& call : calls) EXPECT_TRUE(call.Wait().failure.ok());
  ASSERT_TRUE(upstream.WaitFor([](const std::vector<SeenConnection>& seen) {
    int left = 0;
    for (const SeenConnection& connection : seen) left += connection.client_left ? 1 : 0;
    return left == 3;
  }));
}

TEST(UpstreamReuse, ClosesAConnectionThatIsIdleForTooLong) {
  FakeUpstream upstream(Always(Respond(200, "ok")));
  ClientOptions options;
  options.idle_keep_alive = std::chrono::seconds(1);
  ClientThread client(options);
  const auto before = test::TestClock::now();
  client.Do({.url = upstream.url()});
  ASSERT_TRUE(upstream.WaitForClientToLeave(1));
  EXPECT_GE(*upstream.connection(1).client_left - before, std::chrono::milliseconds(1000));
  EXPECT_EQ(client.Do({.url = upstream.url()}).body, "ok");
  EXPECT_EQ(upstream.connections().size(), 2u);
}

TEST(UpstreamReuse, DropsAnIdleConnectionAsSoonAsThePeerCloses) {
  Latch close;
  // The close is answered by the client's own close: the server sees that without sending anything more.
  FakeUpstream upstream([&](const SeenRequest& request) {
    if (request.connection > 1) return Respond(200, "second");
    return Script().Send(kAnswer).Hold(close).Close();
  });
  ClientThread client;
  client.Do({.url = upstream.url()});
  close.Release();
  ASSERT_TRUE(upstream.WaitFor([](const std::vector<SeenConnection>& seen) { return seen[0].ended; }));
  EXPECT_EQ(client.Do({.url = upstream.url()}).body, "second");
  EXPECT_EQ(upstream.requests().size(), 2u);
}

// As long as a busy machine may take to notice.
ClientOptions Patient() {
  ClientOptions options;
  options.resend_window = std::chrono::seconds(20);
  return options;
}

TEST(UpstreamReuse, ARequestIsSentAgainWhenTheReusedConnectionDiesAtOnce) {
  for (const bool reset : {false, true}) {
    for (const char* method : {"GET", "POST"}) {
      // The server closes only once it has the second request: nobody can know before.
      FakeUpstream upstream([&](const SeenRequest& request) {
        if (request.connection == 1 && request.number == 2)
          return reset ? Script().Reset() : Script().Close();
        return Script().Send(kAnswer);
      });
      ClientThread client(Patient());
      EXPECT_FALSE(client.Do({.url = upstream.url()}).resent);
      const Answer answer = client.Do({.url = upstream.url(), .method = method, .body = "body"});
      EXPECT_EQ(answer.failure.kind, FailureKind::kNone) << answer.failure.message;
      EXPECT_TRUE(answer.resent);
      EXPECT_EQ(answer.body, "ok");
      ASSERT_EQ(upstream.requests().size(), 3u);
      EXPECT_EQ(upstream.requests()[2].connection, 2);
      EXPECT_EQ(upstream.requests()[2].raw_head, upstream.requests()[1].raw_head);
      EXPECT_EQ(upstream.requests()[2].body, "body");
    }
  }
}

// Whoever works on a request for a while and then dies may have done what was asked.
TEST(UpstreamReuse, ARequestThatWasWorkedOnIsNotSentAgain) {
  for (const bool reset : {false, true}) {
    for (const size_t size : {size_t{4}, size_t{300'000}}) {
      Latch die;
      FakeUpstream upstream([&](const SeenRequest& request) {
        if (request.number == 1) return Script().Send(kAnswer);
        Script script;
        script.Hold(die);
        return reset ? script.Reset() : script.Close();
      });
      ClientOptions options;
      options.resend_window = std::chrono::milliseconds(10);
      ClientThread client(options);
      client.Do({.url = upstream.url()});
      Call second = client.Start({.url = upstream.url(), .body = std::string(size, 'x')});
      ASSERT_TRUE(upstream.WaitForRequests(2));
      // Time that the upstream works for.
      client.OnLoop([] {});
      const auto until = test::TestClock::now() + std::chrono::milliseconds(50);
      while (test::TestClock::now() < until) std::this_thread::yield();
      die.Release();
      const Answer answer = second.Wait();
      EXPECT_EQ(answer.failure.kind, FailureKind::kReset);
      EXPECT_TRUE(answer.failure.request_sent);
      EXPECT_FALSE(answer.resent);
      EXPECT_EQ(upstream.requests().size(), 2u);
      EXPECT_EQ(upstream.connections().size(), 1u);
    }
  }
}

TEST(UpstreamReuse, ItIsSentAgainOnlyOnce) {
  FakeUpstream upstream([&](const SeenRequest& request) {
    return request.connection == 1 && request.number == 1 ? Script().Send(kAnswer) : Script().Reset();
  });
  ClientThread client(Patient());
  client.Do({.url = upstream.url()});
  const Answer answer = client.Do({.url = upstream.url()});
  EXPECT_EQ(answer.failure.kind, FailureKind::kReset);
  EXPECT_TRUE(answer.failure.request_sent);
  EXPECT_TRUE(answer.resent);
  EXPECT_EQ(upstream.requests().size(), 3u);
}

TEST(UpstreamReuse, SeveralStaleConnectionsCostOneRetryAtMost) {
  Latch both;
  FakeUpstream upstream([&](const SeenRequest& request) {
    if (request.connection <= 2 && request.number == 1) return Script().Hold(both).Send(kAnswer);
    return request.connection <= 2 ? Script().Reset() : Script().Send(kAnswer);
  });
  ClientThread client(Patient());
  Call one = client.Start({.url = upstream.url()});
  Call two = client.Start({.url = upstream.url()});
  ASSERT_TRUE(upstream.WaitForRequests(2));
  both.Release();
  one.Wait();
  two.Wait();
  EXPECT_EQ(client.Do({.url = upstream.url()}).body, "ok");
  EXPECT_EQ(upstream.requests().size(), 4u);
}

TEST(UpstreamReuse, NothingIsSentAgainAfterAByteOfAnAnswerNorOnAFreshConnection) {
  FakeUpstream upstream([&](const SeenRequest& request) {
    if (request.connection == 1 && request.number == 1) return Script().Send(kAnswer);
    return request.connection == 1 ? Script().Send("H").Reset() : Script().Reset();
  });
  ClientThread client;
  client.Do({.url = upstream.url()});
  EXPECT_EQ(client.Do({.url = upstream.url()}).failure.kind, FailureKind::kReset);
  EXPECT_EQ(upstream.requests().size(), 2u);
  EXPECT_EQ(client.Do({.url = upstream.url()}).failure.kind, FailureKind::kReset);
  EXPECT_EQ(upstream.requests().size(), 3u);
}

TEST(UpstreamReuse, AConnectionWithUnaskedBytesIsNotUsedAgain) {
  Latch more;
  Latch sent;
  FakeUpstream upstream([&](const SeenRequest& request) {
    if (request.connection > 1) return Respond(200, "second");
    return Script()
        .Send(kAnswer)
        .Hold(more)
        .Send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")
        .Signal(sent);
  });
  ClientThread client;
  EXPECT_EQ(client.Do({.url = upstream.url()}).body, "ok");
  more.Release();
  ASSERT_TRUE(sent.Wait());
  for (int i = 0; i < 3; ++i)
    client.OnLoop([] {});  // turns of the loop, in which it sees that there are bytes
  EXPECT_EQ(client.Do({.url = upstream.url()}).body, "second");
}

TEST(UpstreamReuse, BytesBehindTheAnswerEndTheConnection) {
  for (const std::string& answer :
       {std::string(kAnswer) + "X", std::string("HTTP/1.1 204 No Content\r\n\r\nX"),
        std::string("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nX")}) {
    FakeUpstream upstream(Always(Script().Send(answer)));
    ClientThread client;
    EXPECT_TRUE(client.Do({.url = upstream.url()}).failure.ok());
    EXPECT_TRUE(upstream.WaitForClientToLeave(1));
  }
}

TEST(UpstreamReuse, AnAnswerThatSaysCloseIsTheLast) {
  for (const char* head : {"HTTP/1.1 200 OK\r\nConnection: Close\r\ncontent-length: 2\r\n\r\n",
                           "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n"}) {
    FakeUpstream upstream(Always(Script().Send(head + std::string("ok"))));
    ClientThread client;
    EXPECT_EQ(client.Do({.url = upstream.url()}).body, "ok");
    EXPECT_TRUE(upstream.WaitForClientToLeave(1));
  }
}

TEST(UpstreamReuse, AnExchangeDroppedBeforeItsEndClosesTheConnection) {
  for (const How how : {How::kHeadOnly, How::kOnePiece}) {
    FakeUpstream upstream(
        Always(Script().Send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n").Stall()));
    ClientThread client;
    const Answer answer = client.Do({.url = upstream.url(), .how = how});
    EXPECT_EQ(answer.status, 200);
    EXPECT_FALSE(answer.end);
    EXPECT_TRUE(upstream.WaitForClientToLeave(1));
  }
}

TEST(UpstreamReuse, TrustedAndUntrustedCallsDoNotShareConnections) {
  FakeUpstream upstream(Always(Respond(200, "ok")));
  ClientThread client;
  client.Do({.url = upstream.url()});
  client.Do({.url = upstream.url(), .untrusted = true});
  client.Do({.url = upstream.url(), .untrusted = true});
  EXPECT_EQ(upstream.connections().size(), 2u);
}

}  // namespace
}  // namespace portolan::upstream
