// A call whose client has gone: the upstream sees it within 50 ms, whatever the call was at.

#include <gtest/gtest.h>

#include "tests/integration/support/upstream_testing.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_dns.h"
#include "tests/support/full_listener.h"

namespace portolan::upstream {
namespace {

using std::chrono::milliseconds;
using test::FakeUpstream;
using test::Latch;
using test::Script;
using test::SeenRequest;

constexpr milliseconds kSoon{50};

// How long after `from` the upstream saw that the client of its first connection has gone.
test::TestClock::duration TimeUntilGone(const FakeUpstream& upstream, test::TestClock::time_point from) {
  if (!upstream.WaitForClientToLeave(1)) return std::chrono::hours(1);
  return *upstream.connection(1).client_left - from;
}

TEST(UpstreamCancel, WhileTheAnswerIsAwaited) {
  EXPECT_TRUE(test::BestWithin(kSoon, [] {
    FakeUpstream upstream([](const SeenRequest&) { return Script().Stall(); });
    ClientThread client;
    Call call = client.Start({.url = upstream.url()});
    EXPECT_TRUE(upstream.WaitForRequests(1));
    const auto took = TimeUntilGone(upstream, call.Cancel());
    const Answer answer = call.Wait();
    EXPECT_EQ(answer.failure.kind, FailureKind::kCancelled);
    EXPECT_TRUE(answer.failure.request_sent);
    return took;
  }));
}

TEST(UpstreamCancel, WithinTheBody) {
  for (const How how : {How::kReadAll, How::kPieces}) {
    EXPECT_TRUE(test::BestWithin(kSoon, [how] {
      Latch sent;
      FakeUpstream upstream([&](const SeenRequest&) {
        return Script()
            .Send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")
            .Signal(sent)
            .Stall();
      });
      ClientThread client;
      Call call = client.Start({.url = upstream.url(), .how = how});
      EXPECT_TRUE(sent.Wait());
      call.WaitForHead();
      const auto took = TimeUntilGone(upstream, call.Cancel());
      EXPECT_EQ(call.Wait().failure.kind, FailureKind::kCancelled);
      return took;
    }));
  }
}

TEST(UpstreamCancel, WhileTheRequestIsWritten) {
  EXPECT_TRUE(test::BestWithin(kSoon, [] {
    Latch reached;
    Latch never;
    FakeUpstream::Options options;
    options.on_head = [&](const SeenRequest&) { return Script().Signal(reached).Hold(never); };
    FakeUpstream upstream([](const SeenRequest&) { return Script(); }, options);
    ClientThread client;
    Call call = client.Start({.url = upstream.url(), .body = std::string(32 << 20, 'x')});
    EXPECT_TRUE(reached.Wait());
    const auto took = TimeUntilGone(upstream, call.Cancel());
    EXPECT_EQ(call.Wait().failure.kind, FailureKind::kCancelled);
    return took;
  }));
}

TEST(UpstreamCancel, WithinTheTlsHandshake) {
  EXPECT_TRUE(test::BestWithin(kSoon, [] {
    Latch connected;
    FakeUpstream::Options options;
    options.on_connect = [&](int) { return Script().Signal(connected).Stall(); };
    FakeUpstream upstream([](const SeenRequest&) { return Script(); }, options);
    ClientThread client;
    Call call = client.Start({.url = "https://" + upstream.host_port()});
    EXPECT_TRUE(connected.Wait());
    const auto took = TimeUntilGone(upstream, call.Cancel());
    const Answer answer = call.Wait();
    EXPECT_EQ(answer.failure.kind, FailureKind::kCancelled);
    EXPECT_FALSE(answer.failure.request_sent);
    return took;
  }));
}

TEST(UpstreamCancel, WhileConnectingOrLookingUp) {
  const test::FullListener full;
  const test::FakeDns dns([](const std::string&, int) { return std::vector<std::string>{}; }, 60, true);
  ClientOptions options;
  options.dns_servers = dns.host_port();
  ClientThread client(options);
  for (const std::string& url : {"http://" + full.host_port(), std::string("http://slow.example")}) {
    EXPECT_TRUE(test::BestWithin(kSoon, [&] {
      Call call = client.Start({.url = url});
      const auto from = call.Cancel();
      EXPECT_EQ(call.Wait().failure.kind, FailureKind::kCancelled) << url;
      return test::TestClock::now() - from;
    })) << url;
  }
}

TEST(UpstreamCancel, ACancelledCallBeginsNothing) {
  FakeUpstream upstream([](const SeenRequest&) { return test::Respond(200, "ok"); });
  ClientThread client;
  client.Get(upstream.url());
  // The pooled connection is not spent on a call that is over.
  EXPECT_EQ(client.Do({.url = upstream.url(), .budget = milliseconds(0)}).failure.kind,
            FailureKind::kDeadline);
  EXPECT_TRUE(client.Get(upstream.url()).end);
  EXPECT_EQ(upstream.connections().size(), 1u);
}

}  // namespace
}  // namespace portolan::upstream
