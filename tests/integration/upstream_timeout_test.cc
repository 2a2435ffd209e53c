// A server that stalls at any stage, and the limit that ends the wait.

#include <gtest/gtest.h>

#include "tests/integration/support/upstream_testing.h"
#include "tests/support/fake_dns.h"
#include "tests/support/full_listener.h"

namespace portolan::upstream {
namespace {

using std::chrono::milliseconds;
using test::FakeUpstream;
using test::Script;
using test::SeenRequest;

constexpr milliseconds kShort{150};

// What stalls, and which of the time-outs ends it.
struct Stage {
  const char* name;
  Script script;
  FailureKind kind;
  const char* message;
};

std::vector<Stage> Stages() {
  const std::string head = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n";
  return {
      {"no byte", Script().Stall(), FailureKind::kFirstByteTimeout, " did not answer within 150 ms"},
      {"within the status line", Script().Send("HTTP/1").Stall(), FailureKind::kFirstByteTimeout,
       " did not answer within 150 ms"},
      {"within the head", Script().Send("HTTP/1.1 200 OK\r\na: b\r\n").Stall(),
       FailureKind::kFirstByteTimeout, " did not answer within 150 ms"},
      {"after an interim answer", Script().Send("HTTP/1.1 103 Early Hints\r\n\r\n").Stall(),
       FailureKind::kFirstByteTimeout, " did not answer within 150 ms"},
      {"before the body", Script().Send(head).Stall(), FailureKind::kIdleTimeout, " sent nothing for 150 ms"},
      {"within the body", Script().Send(head + "12345").Stall(), FailureKind::kIdleTimeout,
       " sent nothing for 150 ms"},
      {"before the last chunk",
       Script().Send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n").Stall(),
       FailureKind::kIdleTimeout, " sent nothing for 150 ms"},
      {"within a chunk", Script().Send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\na").Stall(),
       FailureKind::kIdleTimeout, " sent nothing for 150 ms"},
      {"before the close", Script().Send("HTTP/1.1 200 OK\r\n\r\nabc").Stall(), FailureKind::kIdleTimeout,
       " sent nothing for 150 ms"},
  };
}

TEST(UpstreamTimeout, EachStageHasItsOwnLimit) {
  for (const Stage& stage : Stages()) {
    for (const How how : {How::kReadAll, How::kPieces}) {
      FakeUpstream upstream([&](const SeenRequest&) { return stage.script; });
      ClientThread client;
      Want want{.url = upstream.url(), .how = how};
      // The other limits are far away, so that only the right one can end it.
      want.timeouts = {milliseconds(30'000), milliseconds(30'000), milliseconds(30'000)};
      (stage.kind == FailureKind::kIdleTimeout ? want.timeouts.idle : want.timeouts.first_byte) = kShort;
      const auto start = test::TestClock::now();
      const Answer answer = client.Do(want);
      const auto took = test::TestClock::now() - start;
      EXPECT_EQ(answer.failure.kind, stage.kind) << stage.name << ": " << answer.failure.message;
      EXPECT_EQ(answer.failure.message, upstream.host_port() + stage.message) << stage.name;
      EXPECT_TRUE(answer.failure.request_sent);
      EXPECT_GE(took, kShort - milliseconds(10)) << stage.name;
      EXPECT_LT(took, milliseconds(15'000)) << stage.name << ": far from the other limits";
      EXPECT_TRUE(upstream.WaitForClientToLeave(1)) << stage.name;
    }
  }
}

TEST(UpstreamTimeout, TheBudgetOfTheCallEndsEveryStage) {
  for (const Stage& stage : Stages()) {
    FakeUpstream upstream([&](const SeenRequest&) { return stage.script; });
    ClientThread client;
    const Answer answer = client.Do({.url = upstream.url(), .budget = kShort});
    EXPECT_EQ(answer.failure.kind, FailureKind::kDeadline) << stage.name << ": " << answer.failure.message;
    EXPECT_NE(answer.failure.message.find("the call's time ran out while"), std::string::npos);
    EXPECT_TRUE(upstream.WaitForConnectionsToEnd()) << stage.name;
  }
}

TEST(UpstreamTimeout, ABudgetSpentThroughTheScopeIsTheBudgetToo) {
  FakeUpstream upstream([](const SeenRequest&) { return Script().Stall(); });
  ClientThread client;
  Call call = client.Start({.url = upstream.url()});
  ASSERT_TRUE(upstream.WaitForRequests(1));
  call.Cancel(net::CancelReason::kDeadline);
  EXPECT_EQ(call.Wait().failure.kind, FailureKind::kDeadline);
}

TEST(UpstreamTimeout, ACallThatIsOverBeforeItBeganConnectsNowhere) {
  FakeUpstream upstream([](const SeenRequest&) { return Script().Stall(); });
  ClientThread client;
  const Answer answer = client.Do({.url = upstream.url(), .budget = milliseconds(0)});
  EXPECT_EQ(answer.failure.kind, FailureKind::kDeadline);
  EXPECT_FALSE(answer.failure.request_sent);
  EXPECT_TRUE(upstream.connections().empty());
}

TEST(UpstreamTimeout, AServerThatReadsTheRequestNoFurtherIsGivenUp) {
  test::Latch never;
  FakeUpstream::Options options;
  options.on_head = [&](const SeenRequest&) { return Script().Hold(never); };
  FakeUpstream upstream([](const SeenRequest&) { return Script(); }, options);
  ClientThread client;
  Want want{.url = upstream.url(), .body = std::string(32 << 20, 'x')};
  want.timeouts.idle = milliseconds(400);
  const Answer answer = client.Do(want);
  EXPECT_EQ(answer.failure.kind, FailureKind::kIdleTimeout);
  EXPECT_EQ(answer.failure.message, upstream.host_port() + " took no more of the request for 400 ms");
}

TEST(UpstreamTimeout, TimeBetweenReadsIsWhatCountsNotTheWhole) {
  // Ten pieces, each sent when the one before has arrived, take longer than the limit as a whole.
  std::vector<test::Latch> gates(10);
  Script script;
  script.Send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
  for (test::Latch& gate : gates) script.Hold(gate).Send("1\r\nx\r\n");
  script.Send("0\r\n\r\n");
  FakeUpstream upstream([&](const SeenRequest&) { return script; });
  ClientThread client;
  Want want{.url = upstream.url(), .how = How::kPieces};
  want.timeouts.idle = milliseconds(2'000);
  Call call = client.Start(want);
  std::thread opener([&] {
    for (test::Latch& gate : gates) {
      std::this_thread::sleep_for(milliseconds(250));  // the passing of time is what is tested
      gate.Release();
    }
  });
  const Answer answer = call.Wait();
  opener.join();
  EXPECT_TRUE(answer.failure.ok()) << answer.failure.message;
  EXPECT_EQ(answer.body, "xxxxxxxxxx");
}

TEST(UpstreamTimeout, ConnectHasALimit) {
  const test::FullListener full;
  ClientThread client;
  Want want{.url = "http://" + full.host_port()};
  want.timeouts.connect = kShort;
  const Answer answer = client.Do(want);
  EXPECT_EQ(answer.failure.kind, FailureKind::kConnectTimeout);
  EXPECT_EQ(answer.failure.message, "connect to " + full.host_port() + " timed out after 150 ms");
  EXPECT_FALSE(answer.failure.request_sent);
  want.timeouts.connect = milliseconds(5'000);
  want.budget = kShort;
  EXPECT_EQ(client.Do(want).failure.kind, FailureKind::kDeadline);
}

TEST(UpstreamTimeout, TheTlsHandshakeCountsAsConnecting) {
  FakeUpstream::Options options;
  options.on_connect = [](int) { return Script().Stall(); };
  FakeUpstream upstream([](const SeenRequest&) { return Script(); }, options);
  ClientThread client;
  Want want{.url = "https://" + upstream.host_port()};
  want.timeouts.connect = kShort;
  const Answer answer = client.Do(want);
  EXPECT_EQ(answer.failure.kind, FailureKind::kConnectTimeout) << answer.failure.message;
  EXPECT_TRUE(upstream.WaitForConnectionsToEnd());
}

TEST(UpstreamTimeout, TheLookupCountsAsConnecting) {
  const test::FakeDns dns([](const std::string&, int) { return std::vector<std::string>{"127.0.0.1"}; }, 60,
                          true);
  ClientOptions options;
  options.dns_servers = dns.host_port();
  ClientThread client(options);
  Want want{.url = "http://slow.example:1"};
  want.timeouts.connect = kShort;
  EXPECT_EQ(client.Do(want).failure.kind, FailureKind::kConnectTimeout);
}

}  // namespace
}  // namespace portolan::upstream
