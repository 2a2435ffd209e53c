// Request bodies: sizes, framing, compression, 100-continue.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/integration/support/http_client.h"
#include "tests/integration/support/http_server_fixture.h"
#include "tests/support/gzip.h"

namespace portolan::testing {
namespace {

using test::Gzip;
using ::testing::HasSubstr;

std::string Noise(size_t size) {
  std::string text(size, '\0');
  uint32_t state = 1;
  for (char& c : text) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return text;
}

TEST(HttpServerBodies, TakesLargeBodiesWithALength) {
  ServerThread server;
  HttpClient client(server.port());
  const std::string body = Noise(10'000'000);
  ASSERT_TRUE(client.Send(RequestText("POST", "/echo", body)));
  EXPECT_TRUE(client.ReadAnswer().body == body);
  ASSERT_TRUE(client.Send(RequestText("POST", "/echo", "next")));
  EXPECT_EQ(client.ReadAnswer().body, "next");
}

TEST(HttpServerBodies, TakesLargeChunkedBodies) {
  ServerThread server;
  HttpClient client(server.port());
  const std::string body = Noise(3'000'000);
  std::string text = RequestText("POST", "/echo", {}, "Transfer-Encoding: chunked\r\n");
  for (size_t at = 0; at < body.size();) {
    const size_t size = std::min<size_t>(1 + at % 70'001, body.size() - at);
    char line[32];
    snprintf(line, sizeof line, "%zx\r\n", size);
    text.append(line).append(body, at, size).append("\r\n");
    at += size;
  }
  text += "0\r\n\r\n";
  ASSERT_TRUE(client.Send(text + RequestText("POST", "/echo", "next")));
  EXPECT_TRUE(client.ReadAnswer().body == body);
  EXPECT_EQ(client.ReadAnswer().body, "next");
}

TEST(HttpServerBodies, RefusesABodyForWhichOthersLeaveNoRoomUntilTheyAreGone) {
  ByteBudget budget(300'000);
  ServerThread server({.held = &budget});
  const std::string body = Noise(200'000);
  const std::string request = RequestText("POST", "/echo", body);
  HttpClient slow(server.port());
  ASSERT_TRUE(slow.Send(request.substr(0, request.size() - 10)));
  ASSERT_TRUE(test::Eventually([&] { return budget.held() > 150'000; }));

  HttpClient refused(server.port());
  ASSERT_TRUE(refused.Send(request));
  const HttpAnswer answer = refused.ReadAnswer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("overloaded"));
  EXPECT_THAT(answer.body, HasSubstr("300000 bytes"));
  HttpClient small(server.port());
  ASSERT_TRUE(small.Send(RequestText("POST", "/echo", Noise(60'000))));
  EXPECT_EQ(small.ReadAnswer().status, 200);  // such are not counted

  ASSERT_TRUE(slow.Send(request.substr(request.size() - 10)));
  EXPECT_TRUE(slow.ReadAnswer().body == body);
  ASSERT_TRUE(test::Eventually([&] { return budget.held() == 0; }));
  HttpClient again(server.port());
  ASSERT_TRUE(again.Send(request));
  EXPECT_TRUE(again.ReadAnswer().body == body);
}

TEST(HttpServerBodies, CountsWhatComesWithoutALength) {
  ByteBudget budget(100'000);
  ServerThread server({.held = &budget});
  HttpClient client(server.port());
  const std::string piece = "186a0\r\n" + Noise(100'000) + "\r\n";
  client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + piece + piece);
  EXPECT_EQ(client.ReadAnswer().status, 503);
  EXPECT_TRUE(test::Eventually([&] { return budget.held() == 0; }));
}

TEST(HttpServerBodies, CountsWhatABodyInflatesTo) {
  ByteBudget budget(100'000);
  ServerThread server({.held = &budget});
  HttpClient client(server.port());
  client.Send(RequestText("POST", "/echo", Gzip(std::string(1'000'000, 'a')), "Content-Encoding: gzip\r\n"));
  EXPECT_EQ(client.ReadAnswer().status, 503);
}

TEST(HttpServerBodies, HoldsNothingOfCallersThatLeave) {
  ByteBudget budget(1'000'000);
  ServerThread server({.held = &budget});
  const std::string request = RequestText("POST", "/echo", Noise(200'000));
  {
    HttpClient client(server.port());
    ASSERT_TRUE(client.Send(request.substr(0, 150'000)));
    ASSERT_TRUE(test::Eventually([&] { return budget.held() > 100'000; }));
  }
  EXPECT_TRUE(test::Eventually([&] { return budget.held() == 0; }));
}

TEST(HttpServerBodies, RefusesABodyOverTheLimitByItsLengthAndNamesTheLimit) {
  ServerThread server({.max_body_bytes = 1000});
  HttpClient client(server.port());
  client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
  const HttpAnswer answer = client.ReadAnswer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_THAT(answer.body, HasSubstr("1000 bytes"));
  EXPECT_THAT(answer.body, HasSubstr("body_too_large"));
  EXPECT_EQ(client.WaitForEnd(), Ending::kEof);

  HttpClient at_limit(server.port());
  at_limit.Send(RequestText("POST", "/echo", std::string(1000, 'x')));
  EXPECT_EQ(at_limit.ReadAnswer().body.size(), 1000u);
}

TEST(HttpServerBodies, RefusesAChunkedBodyOverTheLimit) {
  ServerThread server({.max_body_bytes = 1000});
  HttpClient client(server.port());
  client.Send(RequestText("POST", "/echo", {}, "Transfer-Encoding: chunked\r\n") + "3e9\r\n" +
              std::string(1001, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(client.ReadAnswer().status, 413);
  EXPECT_EQ(client.WaitForEnd(), Ending::kEof);
}

// The client that sends everything before it reads: without lingering it would see a reset in place of the
// answer.
TEST(HttpServerBodies, LetsACallerReadTheRefusalWhoseBodyIsStillUnderWay) {
  ServerThread server({.max_body_bytes = 1000});
  for (int i = 0; i < 20; ++i) {
    HttpClient client(server.port());
    ASSERT_TRUE(client.Send(RequestText("POST", "/echo", std::string(5'000'000, 'x')))) << i;
    EXPECT_EQ(client.ReadAnswer().status, 413) << i;
    client.Close();
  }
  EXPECT_TRUE(server.Await([](http::Server& s) { return s.open_connections() == 0; }));
}

TEST(HttpServerBodies, SendsContinueOnlyWhenTheBodyIsWanted) {
  ServerThread server({.max_body_bytes = 1000});
  HttpClient client(server.port());
  for (int i = 0; i < 2; ++i) {
    client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    EXPECT_EQ(client.ReadAnswer(true).status, 100);
    client.Send("body");
    EXPECT_EQ(client.ReadAnswer().body, "body");
  }
  // The body is there already: nobody waits for a 100.
  client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody");
  EXPECT_EQ(client.ReadAnswer().body, "body");
  client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4000\r\n\r\n");
  EXPECT_EQ(client.ReadAnswer().status, 413);
  EXPECT_EQ(client.WaitForEnd(), Ending::kEof);

  HttpClient screened(server.port());
  screened.Send("POST /screened HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(screened.ReadAnswer().status, 404);
}

TEST(HttpServerBodies, InflatesGzip) {
  ServerThread server;
  HttpClient client(server.port());
  const std::string body = Noise(100'000) + std::string(100'000, 'z');
  for (const char* coding : {"gzip", "GZIP", "x-gzip"}) {
    client.Send(
        RequestText("POST", "/echo", Gzip(body), "Content-Encoding: " + std::string(coding) + "\r\n"));
    const HttpAnswer answer = client.ReadAnswer();
    EXPECT_TRUE(answer.body == body) << coding;
    EXPECT_EQ(answer.Header("x-encoding"), "none") << coding;
  }
  client.Send(RequestText("POST", "/echo", Gzip("two ") + Gzip("members"), "Content-Encoding: gzip\r\n"));
  EXPECT_EQ(client.ReadAnswer().body, "two members");
  client.Send(RequestText("POST", "/echo", "plain", "Content-Encoding: identity\r\n"));
  EXPECT_EQ(client.ReadAnswer().body, "plain");
}

TEST(HttpServerBodies, RefusesAGzipBomb) {
  ServerThread server({.max_body_bytes = 1'000'000});
  HttpClient client(server.port());
  const std::string bomb = Gzip(std::string(100'000'000, '\0'));
  ASSERT_LT(bomb.size(), 200'000u);
  client.Send(RequestText("POST", "/echo", bomb, "Content-Encoding: gzip\r\n"));
  const HttpAnswer answer = client.ReadAnswer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_THAT(answer.body, HasSubstr("1000000 bytes"));
  // The body was read whole, so the connection is in order.
  client.Send(RequestText("POST", "/echo", Gzip(std::string(1'000'000, 'x')), "Content-Encoding: gzip\r\n"));
  EXPECT_EQ(client.ReadAnswer().body.size(), 1'000'000u);
}

TEST(HttpServerBodies, RefusesBrokenGzip) {
  ServerThread server;
  const std::string whole = Gzip("some text that is not too short");
  std::string wrong_sum = whole;
  wrong_sum[wrong_sum.size() - 6] = static_cast<char>(wrong_sum[wrong_sum.size() - 6] ^ 1);
  for (const std::string& body :
       {std::string("not gzip"), whole.substr(0, whole.size() - 1), whole + "x", wrong_sum}) {
    HttpClient client(server.port());
    client.Send(RequestText("POST", "/echo", body, "Content-Encoding: gzip\r\n"));
    const HttpAnswer answer = client.ReadAnswer();
    EXPECT_EQ(answer.status, 400);
    EXPECT_THAT(answer.body, HasSubstr("malformed_gzip"));
  }
}

TEST(HttpServerBodies, RefusesOtherCodingsBeforeTheBody) {
  ServerThread server;
  for (const char* coding : {"br", "zstd", "deflate", "gzip, gzip", "gzip\r\nContent-Encoding: gzip"}) {
    HttpClient client(server.port());
    client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\nContent-Encoding: " +
                std::string(coding) + "\r\n\r\n");
    const HttpAnswer answer = client.ReadAnswer();
    EXPECT_EQ(answer.status, 415) << coding;
    EXPECT_EQ(answer.Header("accept-encoding"), "gzip") << coding;
  }
}

}  // namespace
}  // namespace portolan::testing
