// Going down in good order.

#include <gtest/gtest.h>

#include <string>

#include "tests/integration/support/http_client.h"
#include "tests/integration/support/http_server_fixture.h"

namespace portolan::testing {
namespace {

TEST(HttpServerDrain, ClosesConnectionsAfterTheirNextAnswer) {
  ServerThread server;
  HttpClient idle(server.port());
  idle.Send(RequestText("POST", "/echo", "1"));
  EXPECT_EQ(idle.ReadAnswer().Header("connection"), "");
  server.Do([](http::Server& s) { s.Drain(); });

  idle.Send(RequestText("POST", "/echo", "2"));
  const HttpAnswer answer = idle.ReadAnswer();
  EXPECT_EQ(answer.body, "2");
  EXPECT_EQ(answer.Header("connection"), "close");
  EXPECT_EQ(idle.WaitForEnd(), Ending::kEof);

  // Accepting goes on.
  HttpClient fresh(server.port());
  fresh.Send(RequestText("GET", "/stream?3"));
  const HttpAnswer stream = fresh.ReadAnswer();
  EXPECT_TRUE(stream.complete);
  EXPECT_EQ(stream.Header("connection"), "close");
}

TEST(HttpServerDrain, LetsCallsFinishAfterAcceptingHasStopped) {
  ServerThread server;
  HttpClient busy(server.port());
  busy.Send(RequestText("POST", "/hold", "{}"));
  ASSERT_EQ(server.words().Next(), "held");
  HttpClient half(server.port());
  half.Send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  ASSERT_EQ(half.ReadAnswer(true).status, 100) << "the server has the head";
  half.Send("ha");
  HttpClient idle(server.port());
  idle.Send(RequestText("POST", "/echo", "x"));
  idle.ReadAnswer();
  server.Do([](http::Server& s) {
    s.Drain();
    s.StopAccepting();
    s.CloseIdle();
  });
  EXPECT_EQ(idle.WaitForEnd(), Ending::kEof);
  HttpClient late(server.port());
  EXPECT_EQ(late.ReadAnswer().status, 0);

  half.Send("lf");
  const HttpAnswer answer = half.ReadAnswer();
  EXPECT_EQ(answer.body, "half");
  EXPECT_EQ(answer.Header("connection"), "close");
  EXPECT_TRUE(server.Await([](http::Server& s) { return s.active_requests() == 1; })) << "that of /hold";

  server.Do([](http::Server& s) { s.Shutdown(); });
  EXPECT_EQ(server.words().Next(), net::ToString(net::CancelReason::kShutdown));
  EXPECT_EQ(busy.ReadAnswer().status, 503);
  busy.Close();
  half.Close();
  EXPECT_TRUE(server.Await([](http::Server& s) { return s.open_connections() == 0; }));
}

TEST(HttpServerDrain, ShutdownCutsOffWhoStillSends) {
  ServerThread server;
  HttpClient head(server.port());
  head.Send("POST /echo HTTP/1.1\r\nHost");
  HttpClient body(server.port());
  body.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nha");
  ASSERT_TRUE(server.Await([](http::Server& s) { return s.open_connections() == 2; }));
  server.Do([](http::Server& s) { s.Shutdown(); });
  EXPECT_TRUE(server.Await([](http::Server& s) { return s.open_connections() == 0; }));
}

TEST(HttpServerDrain, AStreamMayEndInGoodOrderAfterShutdown) {
  ServerThread server;
  HttpClient client(server.port());
  client.Send(RequestText("GET", "/hold-stream"));
  ASSERT_EQ(server.words().Next(), "held");
  server.Do([](http::Server& s) { s.Shutdown(); });
  const HttpAnswer answer = client.ReadAnswer();
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, "first\nlast\n");
}

}  // namespace
}  // namespace portolan::testing
