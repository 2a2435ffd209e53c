// An answer that is cut, at every byte of it: always a failure, never a clean end.

#include <gtest/gtest.h>

#include "tests/integration/support/upstream_testing.h"

namespace portolan::upstream {
namespace {

using test::FakeUpstream;
using test::Script;
using test::SeenRequest;

const std::string kLength =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"ok\":\"yes!\"}";
const std::string kChunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"ok\"\r\n8\r\n:\"yes!\"}\r\n0\r\n\r\n";

enum class End { kClose, kReset };

// One connection a request, cut after as many bytes as the path says.
FakeUpstream::Handler CutAfterPath(const std::string& wire, End end) {
  return [wire, end](const SeenRequest& request) {
    Script script;
    const size_t size = static_cast<size_t>(std::stoul(request.target.substr(1)));
    if (size > 0) script.Send(wire.substr(0, size));
    return end == End::kClose ? std::move(script).Close() : std::move(script).Reset();
  };
}

class CutAnswer : public testing::TestWithParam<std::tuple<How, End, bool>> {};

TEST_P(CutAnswer, IsAFailureAtEveryByte) {
  const auto [how, end, chunked] = GetParam();
  const std::string& wire = chunked ? kChunked : kLength;
  FakeUpstream upstream(CutAfterPath(wire, end));
  ClientThread client;
  for (size_t size = 0; size < wire.size(); ++size) {
    const Answer answer = client.Do({.url = upstream.url(), .path = "/" + std::to_string(size), .how = how});
    EXPECT_EQ(answer.failure.kind, FailureKind::kReset) << size << ": " << answer.failure.message;
    EXPECT_FALSE(answer.end) << size;
    EXPECT_TRUE(answer.failure.request_sent);
    EXPECT_NE(answer.failure.message.find(upstream.host_port()), std::string::npos) << answer.failure.message;
    EXPECT_EQ(answer.head, size >= wire.find("\r\n\r\n") + 4) << size;
    EXPECT_TRUE(std::string("{\"ok\":\"yes!\"}").starts_with(answer.body)) << size << ": " << answer.body;
  }
  const Answer whole =
      client.Do({.url = upstream.url(), .path = "/" + std::to_string(wire.size()), .how = how});
  EXPECT_TRUE(whole.failure.ok()) << whole.failure.message;
  EXPECT_EQ(whole.body, "{\"ok\":\"yes!\"}");
}

INSTANTIATE_TEST_SUITE_P(Upstream, CutAnswer,
                         testing::Combine(testing::Values(How::kReadAll, How::kPieces),
                                          testing::Values(End::kClose, End::kReset), testing::Bool()));

TEST(UpstreamReset, ABodyUntilCloseEndsWithAnOrderlyCloseOnly) {
  const std::string wire = "HTTP/1.1 200 OK\r\n\r\nall of it";
  FakeUpstream closing(CutAfterPath(wire, End::kClose));
  FakeUpstream resetting([&](const SeenRequest&) { return Script().Send(wire).Reset(); });
  ClientThread client;
  for (const How how : {How::kReadAll, How::kPieces}) {
    const Answer answer =
        client.Do({.url = closing.url(), .path = "/" + std::to_string(wire.size()), .how = how});
    EXPECT_TRUE(answer.failure.ok()) << answer.failure.message;
    EXPECT_TRUE(answer.end);
    EXPECT_EQ(answer.body, "all of it");
    const Answer cut = client.Do({.url = resetting.url(), .how = how});
    EXPECT_EQ(cut.failure.kind, FailureKind::kReset);
    EXPECT_FALSE(cut.end);
  }
}

TEST(UpstreamReset, AFailureStaysOne) {
  FakeUpstream upstream([&](const SeenRequest&) {
    return Script().Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").Close();
  });
  ClientThread client;
  const Answer answer = client.Do({.url = upstream.url(), .how = How::kPieces});
  EXPECT_EQ(answer.failure.kind, FailureKind::kReset);
  EXPECT_EQ(answer.failure.message,
            upstream.host_port() +
                " closed the connection (end of stream) before the end of its answer: 7 of 10 "
                "bytes missing");
}

TEST(UpstreamReset, AServerThatClosesWhileARequestIsSentIsAReset) {
  FakeUpstream::Options options;
  options.on_head = [](const SeenRequest&) { return Script().Reset(); };
  FakeUpstream upstream([](const SeenRequest&) { return Script(); }, options);
  ClientThread client;
  const Answer answer = client.Do({.url = upstream.url(), .body = std::string(32 << 20, 'x')});
  EXPECT_EQ(answer.failure.kind, FailureKind::kReset) << answer.failure.message;
  EXPECT_TRUE(answer.failure.request_sent);
}

}  // namespace
}  // namespace portolan::upstream
