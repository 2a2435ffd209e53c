// Bodies that are handed to the handler while they come.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/integration/support/http_client.h"
#include "tests/integration/support/http_server_fixture.h"

namespace portolan::testing {
namespace {

using ::testing::HasSubstr;

std::string Chunked(const std::string& body, size_t size) {
  std::string text;
  for (size_t at = 0; at < body.size(); at += size) {
    const std::string piece = body.substr(at, size);
    char line[32];
    snprintf(line, sizeof line, "%zx\r\n", piece.size());
    text.append(line).append(piece).append("\r\n");
  }
  return text + "0\r\n\r\n";
}

std::string ChunkedRequest(const std::string& path, const std::string& body, size_t size) {
  return RequestText("POST", path, {}, "Transfer-Encoding: chunked\r\n") + Chunked(body, size);
}

TEST(HttpServerUploads, GivesTheBodyAndKeepsTheConnection) {
  ServerThread server;
  HttpClient client(server.port());
  for (const size_t size : {size_t{0}, size_t{1}, size_t{100}, size_t{65536}, size_t{1000000}}) {
    const std::string body(size, 'b');
    ASSERT_TRUE(client.Send(RequestText("POST", "/upload", body)));
    HttpAnswer answer = client.ReadAnswer();
    EXPECT_TRUE(answer.body == body) << size;
    EXPECT_EQ(answer.Header("connection"), "") << size;
    EXPECT_EQ(answer.Header("x-length"), std::to_string(size));
    ASSERT_TRUE(client.Send(ChunkedRequest("/upload", body, 30'001)));
    answer = client.ReadAnswer();
    EXPECT_TRUE(answer.body == body) << size;
    EXPECT_EQ(answer.Header("x-length"), "unknown");
  }
}

// However the requests are cut, each gets its own body.
TEST(HttpServerUploads, RequestsThatFollowAtOnceAreKeptApart) {
  ServerThread server;
  HttpClient client(server.port());
  const std::string requests = RequestText("POST", "/upload", "first") +
                               ChunkedRequest("/upload", "second", 3) +
                               RequestText("POST", "/echo", "third") + ChunkedRequest("/upload", "", 1) +
                               RequestText("POST", "/upload", "") + RequestText("GET", "/upload") +
                               RequestText("POST", "/echo", "last");
  for (const size_t size : {size_t{1}, size_t{7}, requests.size()}) {
    for (size_t at = 0; at < requests.size(); at += size) ASSERT_TRUE(client.Send(requests.substr(at, size)));
    for (const char* body : {"first", "second", "third", "", "", "", "last"}) {
      const HttpAnswer answer = client.ReadAnswer();
      EXPECT_EQ(answer.status, 200);
      EXPECT_EQ(answer.body, body);
    }
  }
}

TEST(HttpServerUploads, ABodyThatIsNotReadEndsTheConnectionAfterTheAnswer) {
  ServerThread server;
  HttpClient client(server.port());
  ASSERT_TRUE(client.Send("POST /upload?10 HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" +
                          std::string(100'000, 'b')));
  const HttpAnswer answer = client.ReadAnswer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("connection"), "close");
  EXPECT_EQ(client.WaitForEnd(), Ending::kEof);
}

TEST(HttpServerUploads, ASenderWhoStopsIsToldAfterTheIdleTime) {
  ServerThread server({.body_idle_timeout = std::chrono::milliseconds(100)});
  HttpClient client(server.port());
  ASSERT_TRUE(client.Send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf"));
  const HttpAnswer answer = client.ReadAnswer();
  EXPECT_EQ(answer.status, 408);
  EXPECT_THAT(answer.body, HasSubstr("100 ms"));
  EXPECT_EQ(answer.Header("connection"), "close");
  EXPECT_EQ(server.words().Next(std::chrono::minutes(2)), "request_timeout");
}

TEST(HttpServerUploads, TheLimitOfOtherBodiesIsNotTheirs) {
  ServerThread server({.max_body_bytes = 10});
  HttpClient client(server.port());
  ASSERT_TRUE(client.Send(RequestText("POST", "/upload", std::string(1000, 'b'))));
  EXPECT_EQ(client.ReadAnswer().status, 200);
  ASSERT_TRUE(client.Send(RequestText("POST", "/echo", std::string(11, 'b'))));
  EXPECT_EQ(client.ReadAnswer().status, 413);
}

TEST(HttpServerUploads, BadChunksAreRefused) {
  ServerThread server;
  HttpClient client(server.port());
  ASSERT_TRUE(client.Send(RequestText("POST", "/upload", {}, "Transfer-Encoding: chunked\r\n") +
                          "4\r\nfour\r\nzz\r\n"));
  const HttpAnswer answer = client.ReadAnswer();
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("malformed_http"));
}

TEST(HttpServerUploads, ASenderWhoLeavesIsGone) {
  ServerThread server;
  HttpClient client(server.port());
  ASSERT_TRUE(client.Send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf"));
  client.Close();
  EXPECT_EQ(server.words().Next(std::chrono::minutes(2)), "left");
}

TEST(HttpServerUploads, SaysContinueWhenTheBodyIsAskedFor) {
  ServerThread server;
  HttpClient client(server.port());
  ASSERT_TRUE(
      client.Send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"));
  std::string said;
  while (said.size() < 25) said += client.ReadSome();
  EXPECT_EQ(said, "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(client.Send("body"));
  EXPECT_EQ(client.ReadAnswer().body, "body");
}

}  // namespace
}  // namespace portolan::testing
