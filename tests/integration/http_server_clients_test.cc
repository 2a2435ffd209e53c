// Callers that go away, dawdle or pile up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/support/http_client.h"
#include "tests/integration/support/http_server_fixture.h"

namespace portolan::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

enum class Leaving { kClose, kReset, kHalfClose };

void Leave(HttpClient& client, Leaving how) {
  if (how == Leaving::kHalfClose) return client.ShutdownWrite();
  client.Close(how == Leaving::kReset);
}

TEST(HttpServerClients, WhoLeavesDuringACallCancelsItWithin50Milliseconds) {
  ServerThread server;
  for (const char* path : {"/hold", "/hold-stream"}) {
    for (Leaving how : {Leaving::kClose, Leaving::kReset, Leaving::kHalfClose}) {
      const auto attempt = [&] {
        HttpClient client(server.port());
        client.Send(RequestText("POST", path, "{}"));
        EXPECT_EQ(server.words().Next(), "held");
        EXPECT_EQ(server.active_requests(), 1u);
        const auto left = steady_clock::now();
        Leave(client, how);
        EXPECT_EQ(server.words().Next(), net::ToString(net::CancelReason::kClientGone)) << path;
        const auto took = steady_clock::now() - left;
        client.Close();
        EXPECT_TRUE(server.Await([](http::Server& s) { return s.open_connections() == 0; })) << path;
        EXPECT_EQ(server.active_requests(), 0u);
        return took;
      };
      EXPECT_TRUE(test::BestWithin(milliseconds(50), attempt)) << path;
    }
  }
}

TEST(HttpServerClients, WhoLeavesWithPipelinedRequestsPendingIsSeenToo) {
  ServerThread server;
  HttpClient client(server.port());
  client.Send(RequestText("POST", "/hold", "{}") + RequestText("POST", "/echo", "pending"));
  ASSERT_EQ(server.words().Next(), "held");
  client.Close();
  EXPECT_EQ(server.words().Next(), net::ToString(net::CancelReason::kClientGone));
  EXPECT_TRUE(server.Await([](http::Server& s) { return s.open_connections() == 0; }));
}

TEST(HttpServerClients, WhoHalfClosesIsAnsweredIfTheAnswerIsAtHand) {
  ServerThread server;
  HttpClient client(server.port());
  client.Send(RequestText("POST", "/echo", "bye"));
  client.ShutdownWrite();
  EXPECT_EQ(client.ReadAnswer().body, "bye");
  EXPECT_EQ(client.WaitForEnd(), Ending::kEof);
}

TEST(HttpServerClients, AStreamOfOneWhoHalfClosedDoesNotEndAsIfWhole) {
  ServerThread server;
  HttpClient client(server.port());
  client.Send(RequestText("POST", "/hold-stream", "{}"));
  ASSERT_EQ(server.words().Next(), "held");
  client.ShutdownWrite();
  EXPECT_EQ(server.words().Next(), net::ToString(net::CancelReason::kClientGone));
  EXPECT_FALSE(client.ReadAnswer().complete);
}

TEST(HttpServerClients, WhoStopsReadingAnEndlessStreamAndLeavesEndsIt) {
  ServerThread server;
  HttpClient client(server.port(), 4096);
  client.Send(RequestText("GET", "/endless"));
  client.ReadSome();
  client.Close();
  EXPECT_EQ(server.words().Next(), "gone");
}

TEST(HttpServerClients, WhoReadsNothingForTheWriteTimeoutIsDropped) {
  ServerThread server({.write_timeout = milliseconds(100)});
  HttpClient client(server.port(), 4096);
  client.Send(RequestText("GET", "/endless"));
  EXPECT_EQ(server.words().Next(), "gone");
  EXPECT_TRUE(server.Await([](http::Server& s) { return s.open_connections() == 0; }));
}

TEST(HttpServerClients, WhoReadsSlowlyButReadsIsNotDropped) {
  ServerThread server({.write_timeout = milliseconds(1000)});
  HttpClient client(server.port(), 4096);
  client.Send(RequestText("GET", "/big?8000000"));
  // Several write time-outs long, each with some progress.
  const auto start = steady_clock::now();
  size_t total = 0;
  while (steady_clock::now() - start < milliseconds(2500)) {
    total += client.ReadSome(20'000).size();
    std::this_thread::sleep_for(milliseconds(10));  // this is the slow reader, not a wait for something
  }
  while (total < 8'000'000) {
    const size_t more = client.ReadSome().size();
    ASSERT_GT(more, 0u);
    total += more;
  }
}

// A client that has sent these bytes before the server could give it up for saying nothing.
std::unique_ptr<HttpClient> ConnectAndSend(ServerThread& server, const std::string& start,
                                           milliseconds limit) {
  return test::DoneWithin(limit, [&] {
    auto client = std::make_unique<HttpClient>(server.port());
    client->Send(start);
    return client;
  });
}

struct Slow {
  const char* name;
  std::string start;
  int status;  // 0: closed without a word
};

TEST(HttpServerClients, WhoDawdlesIsAnsweredWith408AndClosed) {
  constexpr milliseconds kLimit{60};
  ServerThread server({.head_timeout = kLimit, .body_idle_timeout = kLimit, .keep_alive_timeout = kLimit});
  const Slow cases[] = {
      {"says nothing", "", 0},
      {"stops in the request line", "POST /ech", 408},
      {"stops in the head", "POST /echo HTTP/1.1\r\nHost: a\r\nX:", 408},
      {"stops in the body", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel", 408},
      {"stops in a chunk", RequestText("POST", "/echo", {}, "Transfer-Encoding: chunked\r\n") + "5\r\nhel",
       408},
      {"stops in a trailer", RequestText("POST", "/echo", {}, "Transfer-Encoding: chunked\r\n") + "0\r\nA",
       408},
  };
  for (const Slow& c : cases) {
    const auto client = ConnectAndSend(server, c.start, kLimit);
    const HttpAnswer answer = client->ReadAnswer();
    EXPECT_EQ(answer.status, c.status) << c.name;
    EXPECT_THAT(answer.body, HasSubstr(c.status == 0 ? "" : "request_timeout")) << c.name;
    EXPECT_EQ(client->WaitForEnd(), Ending::kEof) << c.name;
  }
  const auto idle = ConnectAndSend(server, RequestText("POST", "/echo", "x"), kLimit);
  EXPECT_EQ(idle->ReadAnswer().body, "x");
  EXPECT_EQ(idle->WaitForEnd(), Ending::kEof);
}

// And is told what it was too slow for, and how long that may take.
TEST(HttpServerClients, WhoDawdlesIsToldTheLimit) {
  constexpr milliseconds kHead{70};
  constexpr milliseconds kBody{60};
  ServerThread server({.head_timeout = kHead, .body_idle_timeout = kBody});
  const auto head = ConnectAndSend(server, "POST /echo HTTP/1.1\r\nHost: a\r\nX:", kHead);
  EXPECT_THAT(head->ReadAnswer().body, HasSubstr("the request's head did not arrive within 70 ms"));
  const auto body =
      ConnectAndSend(server, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel", kBody);
  EXPECT_THAT(body->ReadAnswer().body, HasSubstr("nothing more of the request's body arrived within 60 ms"));
}

// One byte now and then must not keep a head open: its time-out is a total.
TEST(HttpServerClients, WhoTricklesAHeadIsClosed) {
  constexpr milliseconds kLimit{150};
  ServerThread server({.head_timeout = kLimit});
  const auto client = ConnectAndSend(server, "GET / HTTP/1.1\r\nHost: a\r\nX: ", kLimit);
  const auto give_up = steady_clock::now() + test::kPatience;
  char byte = 0;
  while (recv(client->fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && steady_clock::now() < give_up) {
    std::this_thread::sleep_for(milliseconds(10));  // the trickle
    ASSERT_TRUE(client->Send("x"));
  }
  EXPECT_EQ(client->ReadAnswer().status, 408);
}

TEST(HttpServerClients, BeyondTheConnectionLimitWaitForTheirTurn) {
  ServerThread server({.max_connections = 3});
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<HttpClient>(server.port()));
    clients.back()->Send(RequestText("POST", "/echo", "x"));
  }
  for (auto& client : clients) {
    EXPECT_EQ(client->ReadAnswer().body, "x");
    EXPECT_LE(server.open_connections(), 3u);
    client->Close();
  }
}

TEST(HttpServerClients, WhoLeavesInTheMiddleOfARequestLeavesNothingBehind) {
  ServerThread server;
  const std::string text =
      RequestText("POST", "/echo", {}, "Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\n";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    HttpClient client(server.port());
    client.Send(text.substr(0, cut));
    client.Close(cut % 2 == 0);
  }
  EXPECT_TRUE(server.Await([&](http::Server& s) {
    return s.counters().accepted == text.size() + 1 && s.open_connections() == 0;
  }));
  server.Do([](http::Server& s) { EXPECT_EQ(s.counters().requests, 0u); });
}

}  // namespace
}  // namespace portolan::testing
