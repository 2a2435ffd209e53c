// A call whose client has gone: the upstream sees it within 50 ms, whatever the call was at.

#include <gtest/gtest.h>

#include "tests/integration/support/upstream_testing.h"
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

void ExpectSoon(const FakeUpstream& upstream, test::TestClock::time_point from) {
  ASSERT_TRUE(upstream.WaitForClientToLeave(1));
  const auto took = *upstream.connection(1).client_left - from;
  EXPECT_LT(took, kSoon) << std::chrono::duration_cast<std::chrono::microseconds>(took).count() << " us";
}

TEST(UpstreamCancel, WhileTheAnswerIsAwaited) {
  FakeUpstream upstream([](const SeenRequest&) { return Script().Stall(); });
  ClientThread client;
  Call call = client.Start({.url = upstream.url()});
  ASSERT_TRUE(upstream.WaitForRequests(1));
  const auto from = call.Cancel();
  ExpectSoon(upstream, from);
  const Answer answer = call.Wait();
  EXPECT_EQ(answer.failure.kind, FailureKind::kCancelled);
  EXPECT_TRUE(answer.failure.request_sent);
}

TEST(UpstreamCancel, WithinTheBody) {
  for (const How how : {How::kReadAll, How::kPieces}) {
    Latch sent;
    FakeUpstream upstream([&](const SeenRequest&) {
      return Script()
          .Send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")
          .Signal(sent)
          .Stall();
    });
    ClientThread client;
    Call call = client.Start({.url = upstream.url(), .how = how});
    ASSERT_TRUE(sent.Wait());
    call.WaitForHead();
    const auto from = call.Cancel();
    ExpectSoon(upstream, from);
    EXPECT_EQ(call.Wait().failure.kind, FailureKind::kCancelled);
  }
}

TEST(UpstreamCancel, WhileTheRequestIsWritten) {
  Latch reached;
  Latch never;
  FakeUpstream::Options options;
  options.on_head = [&](const SeenRequest&) { return Script().Signal(reached).Hold(never); };
  FakeUpstream upstream([](const SeenRequest&) { return Script(); }, options);
  ClientThread client;
  Call call = client.Start({.url = upstream.url(), .body = std::string(32 << 20, 'x')});
  ASSERT_TRUE(reached.Wait());
  const auto from = call.Cancel();
  ExpectSoon(upstream, from);
  EXPECT_EQ(call.Wait().failure.kind, FailureKind::kCancelled);
}

TEST(UpstreamCancel, WithinTheTlsHandshake) {
  Latch connected;
  FakeUpstream::Options options;
  options.on_connect = [&](int) { return Script().Signal(connected).Stall(); };
  FakeUpstream upstream([](const SeenRequest&) { return Script(); }, options);
  ClientThread client;
  Call call = client.Start({.url = "https://" + upstream.host_port()});
  ASSERT_TRUE(connected.Wait());
  const auto from = call.Cancel();
  ExpectSoon(upstream, from);
  const Answer answer = call.Wait();
  EXPECT_EQ(answer.failure.kind, FailureKind::kCancelled);
  EXPECT_FALSE(answer.failure.request_sent);
}

TEST(UpstreamCancel, WhileConnectingOrLookingUp) {
  const test::FullListener full;
  const test::FakeDns dns([](const std::string&, int) { return std::vector<std::string>{}; }, 60, true);
  ClientOptions options;
  options.dns_servers = dns.host_port();
  ClientThread client(options);
  for (const std::string& url : {"http://" + full.host_port(), std::string("http://slow.example")}) {
    Call call = client.Start({.url = url});
    const auto from = call.Cancel();
    EXPECT_EQ(call.Wait().failure.kind, FailureKind::kCancelled) << url;
    EXPECT_LT(test::TestClock::now() - from, milliseconds(1000));
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
