// Streamed answers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/integration/support/http_client.h"
#include "tests/integration/support/http_server_fixture.h"

namespace portolan::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(HttpServerStreams, SendsOneChunkAWrite) {
  ServerThread server;
  HttpClient client(server.port());
  client.Send(RequestText("GET", "/stream?2", {}, "Connection: close\r\n"));
  Ending ending;
  const std::string text = client.ReadToEnd(&ending);
  EXPECT_THAT(text, HasSubstr("transfer-encoding: chunked\r\n"));
  EXPECT_THAT(text, HasSubstr("x-stream: yes\r\n"));
  EXPECT_THAT(text, EndsWith("\r\n\r\n8\r\nchunk 0\n\r\n8\r\nchunk 1\n\r\n4\r\nend\n\r\n0\r\n\r\n"));
  EXPECT_EQ(ending, Ending::kEof);
}

TEST(HttpServerStreams, ReachesTheCallerChunkByChunk) {
  ServerThread server;
  HttpClient client(server.port());
  client.Send(RequestText("GET", "/hold-stream"));
  std::string got;
  while (got.find("first\n") == std::string::npos) {
    const std::string more = client.ReadSome();
    ASSERT_FALSE(more.empty());
    got += more;
  }
  EXPECT_EQ(server.words().Next(), "held");
}

TEST(HttpServerStreams, KeepsTheConnectionAfterAStream) {
  ServerThread server;
  HttpClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    client.Send(RequestText("GET", "/stream?100"));
    const HttpAnswer answer = client.ReadAnswer();
    EXPECT_TRUE(answer.complete);
    EXPECT_THAT(answer.body, EndsWith("chunk 99\nend\n"));
  }
}

TEST(HttpServerStreams, LeavesOutTheLastChunkWhenAborted) {
  ServerThread server;
  for (const char* path : {"/abort", "/unfinished"}) {
    HttpClient client(server.port());
    client.Send(RequestText("GET", path));
    const HttpAnswer answer = client.ReadAnswer();
    EXPECT_EQ(answer.body, "once\n") << path;
    EXPECT_FALSE(answer.complete) << path;
    EXPECT_NE(client.WaitForEnd(), Ending::kOpen) << path;
  }
}

TEST(HttpServerStreams, ResetsAnAbortedHttp10Stream) {
  ServerThread server;
  HttpClient client(server.port());
  client.Send("GET /abort HTTP/1.0\r\n\r\n");
  Ending ending;
  client.ReadToEnd(&ending);
  EXPECT_EQ(ending, Ending::kReset);
}

TEST(HttpServerStreams, HoldsBackASlowReaderAndGivesItAll) {
  ServerThread server;
  HttpClient client(server.port(), 4096);
  client.Send(RequestText("GET", "/big?20000000") + RequestText("GET", "/stream?100000"));
  const HttpAnswer unary = client.ReadAnswer();
  EXPECT_TRUE(unary.complete);
  EXPECT_EQ(unary.body.size(), 20'000'000u);
  const HttpAnswer stream = client.ReadAnswer();
  EXPECT_TRUE(stream.complete);
  EXPECT_THAT(stream.body, EndsWith("chunk 99999\nend\n"));
}

}  // namespace
}  // namespace portolan::testing
