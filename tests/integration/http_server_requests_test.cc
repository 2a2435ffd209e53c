// Requests, answers and connections: order, reuse, refusal.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/integration/support/http_client.h"
#include "tests/integration/support/http_server_fixture.h"

namespace portolan::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

void ExpectError(const HttpAnswer& answer, int status, const char* type, const char* code) {
  EXPECT_EQ(answer.status, status);
  EXPECT_EQ(answer.Header("content-type"), "application/json");
  const auto body = nlohmann::json::parse(answer.body, nullptr, false);
  ASSERT_FALSE(body.is_discarded()) << answer.body;
  EXPECT_EQ(body["error"]["type"], type) << answer.body;
  EXPECT_EQ(body["error"]["code"], code) << answer.body;
  EXPECT_TRUE(body["error"]["message"].is_string());
  EXPECT_TRUE(body["error"].contains("param"));
}

TEST(HttpServerRequests, AnswersAndKeepsTheConnection) {
  ServerThread server;
  HttpClient client(server.port());
  for (int i = 0; i < 100; ++i) {
    const std::string body = "body " + std::to_string(i);
    ASSERT_TRUE(client.Send(RequestText("POST", "/echo?x", body)));
    const HttpAnswer answer = client.ReadAnswer();
    ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, body);
    EXPECT_EQ(answer.Header("content-length"), std::to_string(body.size()));
    EXPECT_EQ(answer.Header("connection"), "");
    EXPECT_EQ(answer.Header("server"), "");
    EXPECT_THAT(answer.Header("date"),
                MatchesRegex("[A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] 20[0-9][0-9] "
                             "[0-9][0-9]:[0-9][0-9]:[0-9][0-9] GMT"));
    EXPECT_EQ(answer.Header("x-method"), "POST");
    EXPECT_EQ(answer.Header("x-path"), "/echo");
    EXPECT_EQ(answer.Header("x-peer"), "127.0.0.1:" + std::to_string(client.local_port()));
  }
  server.Do([](http::Server& s) {
    EXPECT_EQ(s.counters().accepted, 1u);
    EXPECT_EQ(s.counters().requests, 100u);
    EXPECT_EQ(s.open_connections(), 1u);
  });
  EXPECT_TRUE(server.Await([](http::Server& s) { return s.active_requests() == 0; }));
}

TEST(HttpServerRequests, AnswersPipelinedRequestsInOrder) {
  ServerThread server;
  HttpClient client(server.port());
  std::string all;
  for (int i = 0; i < 50; ++i) {
    const std::string body(static_cast<size_t>(i * 37), static_cast<char>('a' + i % 26));
    if (i % 3 == 0) {
      all += RequestText("POST", "/echo", {}, "Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\n\r\n";
    } else if (i % 3 == 1) {
      all += RequestText("GET", "/stream?3");
    } else {
      all += RequestText("POST", "/echo", body);
    }
  }
  ASSERT_TRUE(client.Send(all));
  for (int i = 0; i < 50; ++i) {
    const HttpAnswer answer = client.ReadAnswer();
    ASSERT_TRUE(answer.complete) << i;
    ASSERT_EQ(answer.status, 200) << i;
    const std::string expected[] = {
        "hello", "chunk 0\nchunk 1\nchunk 2\nend\n",
        std::string(static_cast<size_t>(i * 37), static_cast<char>('a' + i % 26))};
    EXPECT_EQ(answer.body, expected[i % 3]) << i;
  }
}

TEST(HttpServerRequests, KeepsPipelinedBytesAtEverySplit) {
  ServerThread server;
  const std::string text = RequestText("POST", "/echo", "one") +
                           RequestText("POST", "/echo", {}, "Transfer-Encoding: chunked\r\n") +
                           "3;x\r\ntwo\r\n0\r\nT: v\r\n\r\n" + RequestText("GET", "/echo");
  HttpClient client(server.port());
  for (size_t cut = 1; cut < text.size(); ++cut) {
    ASSERT_TRUE(client.Send(text.substr(0, cut)));
    ASSERT_TRUE(client.Send(text.substr(cut)));
    EXPECT_EQ(client.ReadAnswer().body, "one") << cut;
    EXPECT_EQ(client.ReadAnswer().body, "two") << cut;
    const HttpAnswer last = client.ReadAnswer();
    ASSERT_TRUE(last.complete) << cut;
    EXPECT_EQ(last.Header("x-method"), "GET") << cut;
  }
}

TEST(HttpServerRequests, RefusesABadOneInTheMiddleOfAPipelineAndWhatFollows) {
  ServerThread server;
  HttpClient client(server.port());
  ASSERT_TRUE(client.Send(RequestText("POST", "/echo", "good") + "GET / HTTP/1.1\r\nHost : x\r\n\r\n" +
                          RequestText("POST", "/echo", "never")));
  EXPECT_EQ(client.ReadAnswer().body, "good");
  const HttpAnswer refused = client.ReadAnswer();
  ExpectError(refused, 400, "invalid_request_error", "malformed_http");
  EXPECT_EQ(refused.Header("connection"), "close");
  Ending ending;
  EXPECT_EQ(client.ReadToEnd(&ending), "");
  EXPECT_EQ(ending, Ending::kEof);
  server.Do([](http::Server& s) { EXPECT_EQ(s.counters().requests, 1u); });
}

struct Refused {
  const char* name;
  std::string text;
  int status;
};

// How the bytes that could mean two things to two parsers leave the server: refused and closed, and the next
// connection is fine. The whole list of heads is in the unit test of the parser; here are those with a body,
// and a few for the way through the server.
TEST(HttpServerRequests, RefusesWhatCouldBeSmuggledAndCloses) {
  const std::string start = "POST /echo HTTP/1.1\r\nHost: a\r\n";
  const std::string chunked = start + "Transfer-Encoding: chunked\r\n\r\n";
  const std::string smuggled = RequestText("GET", "/echo");
  const Refused cases[] = {
      {"both lengths", start + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX" + smuggled,
       400},
      {"two lengths", start + "Content-Length: 0\r\nContent-Length: 44\r\n\r\n" + smuggled, 400},
      {"obs-fold", start + "X: a\r\n Content-Length: 44\r\n\r\n" + smuggled, 400},
      {"space before colon", start + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + smuggled, 400},
      {"bare CR", start + "X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, 400},
      {"bare LF", start + "X: a\nContent-Length: 44\r\n\r\n" + smuggled, 400},
      {"NUL", start + std::string("X: a\0b\r\n\r\n", 11) + smuggled, 400},
      {"unknown coding", start + "Transfer-Encoding: xchunked\r\n\r\n" + smuggled, 501},
      {"chunk size with sign", chunked + "+5\r\nhello\r\n0\r\n\r\n" + smuggled, 400},
      {"chunk size in 0x", chunked + "0x5\r\nhello\r\n0\r\n\r\n" + smuggled, 400},
      {"chunk size with LF", chunked + "5\nhello\r\n0\r\n\r\n" + smuggled, 400},
      {"chunk size overflow", chunked + "10000000000000005\r\nhello\r\n0\r\n\r\n" + smuggled, 400},
      {"chunk extension with LF", chunked + "5;a\nb\r\nhello\r\n0\r\n\r\n" + smuggled, 400},
      {"chunk too long", chunked + "5\r\nhellooo\r\n0\r\n\r\n" + smuggled, 400},
      {"chunk end without CR", chunked + "5\r\nhello\n0\r\n\r\n" + smuggled, 400},
      {"trailer with fold", chunked + "0\r\nA: b\r\n c\r\n\r\n" + smuggled, 400},
      {"authority form", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n" + smuggled, 501},
      {"bad host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n" + smuggled, 400},
      {"no host", "GET / HTTP/1.1\r\n\r\n" + smuggled, 400},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"TLS on the plain port", std::string("\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", 11), 400},
      {"long target", "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      {"a million header bytes", start + "X: " + std::string(1'000'000, 'a') + "\r\n\r\n", 431},
      {"many headers",
       start +
           [] {
             std::string lines;
             for (int i = 0; i < 300; ++i) lines += "x: y\r\n";
             return lines;
           }() +
           "\r\n",
       431},
  };
  ServerThread server;
  for (const Refused& c : cases) {
    HttpClient client(server.port());
    client.Send(c.text);
    const HttpAnswer answer = client.ReadAnswer();
    EXPECT_EQ(answer.status, c.status) << c.name;
    EXPECT_TRUE(answer.complete) << c.name;
    EXPECT_EQ(answer.Header("connection"), "close") << c.name;
    EXPECT_THAT(answer.body, HasSubstr("\"error\"")) << c.name;
    Ending ending;
    EXPECT_EQ(client.ReadToEnd(&ending), "") << c.name << ": something was answered after the refusal";
    EXPECT_EQ(ending, Ending::kEof) << c.name;

    HttpClient next(server.port());
    next.Send(RequestText("POST", "/echo", "fine"));
    EXPECT_EQ(next.ReadAnswer().body, "fine") << c.name;
  }
  server.Do([&](http::Server& s) { EXPECT_EQ(s.counters().requests, std::size(cases)); });
}

TEST(HttpServerRequests, SendsNoBodyToHead) {
  ServerThread server;
  HttpClient client(server.port());
  ASSERT_TRUE(client.Send(RequestText("HEAD", "/big?1000") + RequestText("HEAD", "/stream?3") +
                          RequestText("GET", "/echo")));
  const HttpAnswer unary = client.ReadAnswer(true);
  EXPECT_EQ(unary.Header("content-length"), "1000");
  const HttpAnswer stream = client.ReadAnswer(true);
  EXPECT_EQ(stream.Header("transfer-encoding"), "chunked");
  EXPECT_EQ(client.ReadAnswer().Header("x-method"), "GET");
}

TEST(HttpServerRequests, SpeaksHttp10) {
  ServerThread server;
  HttpClient closing(server.port());
  closing.Send("GET /big?3 HTTP/1.0\r\n\r\n");
  Ending ending;
  const std::string closed = closing.ReadToEnd(&ending);
  EXPECT_THAT(closed, HasSubstr("connection: close\r\n"));
  EXPECT_THAT(closed, ::testing::EndsWith("\r\n\r\nbbb"));
  EXPECT_EQ(ending, Ending::kEof);

  HttpClient keeping(server.port());
  for (int i = 0; i < 3; ++i) {
    keeping.Send("GET /big?3 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const HttpAnswer answer = keeping.ReadAnswer();
    EXPECT_EQ(answer.Header("connection"), "keep-alive");
    EXPECT_EQ(answer.body, "bbb");
  }
  keeping.Send("GET /stream?2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string streamed = keeping.ReadToEnd(&ending);
  EXPECT_THAT(streamed, HasSubstr("connection: close\r\n"));
  EXPECT_THAT(streamed, ::testing::Not(HasSubstr("chunked")));
  EXPECT_THAT(streamed, ::testing::EndsWith("\r\n\r\nchunk 0\nchunk 1\nend\n"));
  EXPECT_EQ(ending, Ending::kEof);
}

TEST(HttpServerRequests, ClosesWhenAsked) {
  ServerThread server;
  HttpClient client(server.port());
  client.Send(RequestText("GET", "/echo", {}, "Connection: close\r\n"));
  EXPECT_EQ(client.ReadAnswer().Header("connection"), "close");
  EXPECT_EQ(client.WaitForEnd(), Ending::kEof);
}

TEST(HttpServerRequests, RefusesByScreenBeforeTheBody) {
  ServerThread server;
  HttpClient client(server.port());
  client.Send(
      "POST /screened HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");  // the body never comes
  const HttpAnswer answer = client.ReadAnswer();
  ExpectError(answer, 404, "not_found_error", "unknown_url");
  EXPECT_EQ(answer.Header("x-screened"), "yes");
  EXPECT_EQ(answer.Header("connection"), "close");
  EXPECT_EQ(client.WaitForEnd(), Ending::kEof);
}

TEST(HttpServerRequests, KeepsTheConnectionAfterAScreenedRequestWhoseBodyIsThere) {
  ServerThread server;
  HttpClient client(server.port());
  client.Send(RequestText("POST", "/screened", "small body") + RequestText("POST", "/echo", "next"));
  EXPECT_EQ(client.ReadAnswer().status, 404);
  EXPECT_EQ(client.ReadAnswer().body, "next");
}

TEST(HttpServerRequests, AnswersForAHandlerThatDoesNot) {
  ServerThread server;
  HttpClient client(server.port());
  client.Send(RequestText("GET", "/silent"));
  ExpectError(client.ReadAnswer(), 500, "api_error", "internal_error");
  client.Send(RequestText("GET", "/echo"));
  EXPECT_EQ(client.ReadAnswer().status, 200);
}

TEST(HttpServerRequests, PassesOverEmptyLinesBetweenRequests) {
  ServerThread server;
  HttpClient client(server.port());
  client.Send(RequestText("POST", "/echo", "a") + "\r\n");
  EXPECT_EQ(client.ReadAnswer().body, "a");
  client.Send(RequestText("POST", "/echo", "b"));
  EXPECT_EQ(client.ReadAnswer().body, "b");
}

}  // namespace
}  // namespace portolan::testing
