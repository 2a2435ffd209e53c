// Large bodies both ways, and what back-pressure does to them.

#include <gtest/gtest.h>

#include "tests/integration/support/upstream_testing.h"

namespace portolan::upstream {
namespace {

using test::FakeUpstream;
using test::SeenConnection;
using test::SeenRequest;

std::string Noise(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 2654435761u >> 13);
  return text;
}

TEST(UpstreamBodies, LargeOnesArriveWholeInEveryFraming) {
  const std::string body = Noise(20 << 20);
  FakeUpstream upstream([](const SeenRequest& request) {
    if (request.target == "/chunked") {
      std::vector<std::string> chunks;
      for (size_t at = 0; at < request.body.size(); at += 77'777)
        chunks.push_back(request.body.substr(at, 77'777));
      return test::RespondChunked(200, chunks);
    }
    if (request.target == "/close") return test::RespondUntilClose(200, request.body);
    return test::Respond(200, request.body);
  });
  ClientThread client;
  for (const char* path : {"/length", "/chunked", "/close"}) {
    for (const How how : {How::kReadAll, How::kPieces}) {
      const Answer answer = client.Do({.url = upstream.url(), .path = path, .body = body, .how = how});
      EXPECT_TRUE(answer.failure.ok()) << answer.failure.message;
      EXPECT_TRUE(answer.body == body) << path;
    }
  }
}

TEST(UpstreamBodies, AReaderThatWaitsHoldsTheServerBack) {
  const size_t size = 64 << 20;
  FakeUpstream upstream([&](const SeenRequest&) { return test::Respond(200, std::string(size, 'x')); });
  ClientThread client;
  Call call = client.Start({.url = upstream.url(), .how = How::kHoldAtHead});
  call.WaitForHead();
  // The server comes to a halt once the sockets' buffers are full.
  size_t sent = 0;
  for (size_t last = SIZE_MAX; sent != last;) {
    last = sent;
    test::Latch never;
    never.Wait(1);
    sent = upstream.connection(1).bytes_sent;
  }
  EXPECT_LT(sent, size / 2);
  call.ReadOn();
  const Answer answer = call.Wait();
  EXPECT_TRUE(answer.failure.ok()) << answer.failure.message;
  EXPECT_EQ(answer.body.size(), size);
}

TEST(UpstreamBodies, AServerThatPausesHoldsTheWriterBack) {
  FakeUpstream::Options options;
  options.body_window = 1 << 20;
  FakeUpstream upstream([](const SeenRequest& request) { return test::Respond(200, request.body); }, options);
  const std::string body = Noise(32 << 20);
  ClientThread client;
  Call call = client.Start({.url = upstream.url(), .body = body});
  ASSERT_TRUE(upstream.WaitFor([](const std::vector<SeenConnection>& seen) {
    return !seen.empty() && seen[0].bytes_received >= 1 << 20;
  }));
  test::Latch never;
  never.Wait(1);  // longer than one slice of a write
  EXPECT_LT(upstream.connection(1).bytes_received, 4u << 20);
  options.read_on.Release();
  EXPECT_TRUE(call.Wait().body == body);
}

TEST(UpstreamBodies, ManyCallsAtOnceKeepTheirBodiesApart) {
  FakeUpstream upstream(
      [](const SeenRequest& request) { return test::Respond(200, request.body + request.target); });
  ClientThread client;
  for (int round = 0; round < 3; ++round) {
    std::vector<Call> calls;
    for (int i = 0; i < 100; ++i) {
      calls.push_back(
          client.Start({.url = upstream.url(),
                        .path = "/" + std::to_string(i),
                        .body = std::string(static_cast<size_t>(i) * 997, static_cast<char>('a' + i % 26)),
                        .how = i % 2 == 0 ? How::kReadAll : How::kPieces}));
    }
    for (int i = 0; i < 100; ++i) {
      const std::string expected =
          std::string(static_cast<size_t>(i) * 997, static_cast<char>('a' + i % 26)) + "/" +
          std::to_string(i);
      EXPECT_TRUE(calls[static_cast<size_t>(i)].Wait().body == expected) << i;
    }
  }
  EXPECT_LE(upstream.connections().size(), 100u);
}

}  // namespace
}  // namespace portolan::upstream
