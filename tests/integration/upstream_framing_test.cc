// Answers of every framing, and answers that are no HTTP.

#include <gtest/gtest.h>

#include "tests/integration/support/upstream_testing.h"
#include "tests/support/gzip.h"

namespace portolan::upstream {
namespace {

using test::FakeUpstream;
using test::Gzip;
using test::Latch;
using test::Script;
using test::SeenRequest;

FakeUpstream::Handler Always(Script script) {
  return [script](const SeenRequest&) { return script; };
}

TEST(UpstreamFraming, EveryFramingGivesTheSameBodyHoweverItIsCut) {
  const std::string wires[] = {
      "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 11\r\n\r\nhello world",
      "HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=1\r\n "
      "world\r\n0\r\nT: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX-A: b\r\nConnection: close\r\n\r\nhello world",
      "HTTP/1.0 200 OK\r\nX-A: b\r\n\r\nhello world",
      "HTTP/1.1 200\nX-A: b\ncontent-length: 11\n\nhello world",
  };
  for (const std::string& wire : wires) {
    for (const size_t size : {size_t{1}, size_t{7}, wire.size()}) {
      FakeUpstream upstream(Always(Script().Split(wire, size).Close()));
      ClientThread client;
      for (const How how : {How::kReadAll, How::kPieces}) {
        const Answer answer = client.Do({.url = upstream.url(), .how = how});
        EXPECT_TRUE(answer.failure.ok()) << answer.failure.message;
        EXPECT_EQ(answer.body, "hello world");
        EXPECT_EQ(answer.Header("x-a"), "b");
        EXPECT_TRUE(answer.end);
        EXPECT_EQ(answer.after_end, "");
        EXPECT_TRUE(upstream.WaitForConnectionsToEnd());
      }
    }
  }
}

TEST(UpstreamFraming, AnswersWithoutABodyLeaveTheConnectionOpen) {
  FakeUpstream upstream([](const SeenRequest& request) {
    if (request.method == "HEAD") return Script().Send("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n");
    if (request.target == "/304")
      return Script().Send("HTTP/1.1 304 Not Modified\r\ncontent-length: 500\r\n\r\n");
    if (request.target == "/0") return Script().Send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    return Script().Send("HTTP/1.1 204 No Content\r\n\r\n");
  });
  ClientThread client;
  for (const How how : {How::kReadAll, How::kPieces}) {
    for (const char* path : {"/204", "/304", "/0"}) {
      const Answer answer =
          client.Do({.url = upstream.url(), .method = "GET", .path = path, .body = "", .how = how});
      EXPECT_TRUE(answer.end) << answer.failure.message;
      EXPECT_EQ(answer.body, "");
    }
    EXPECT_TRUE(client.Do({.url = upstream.url(), .method = "HEAD", .body = "", .how = how}).end);
  }
  EXPECT_EQ(upstream.connections().size(), 1u);
}

TEST(UpstreamFraming, EachChunkIsGivenWhenItComes) {
  Latch gates[2];
  FakeUpstream upstream(Always(Script()
                                   .Send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n")
                                   .Hold(gates[0])
                                   .Send("3\r\ntwo\r\n5\r\nthree\r\n")
                                   .Hold(gates[1])
                                   .Send("0\r\n\r\n")));
  ClientThread client;
  Call call = client.Start({.url = upstream.url(), .how = How::kPieces});
  call.WaitForHead();
  gates[0].Release();
  gates[1].Release();
  const Answer answer = call.Wait();
  ASSERT_GE(answer.pieces.size(), 2u);
  EXPECT_EQ(answer.pieces[0], "one");
  EXPECT_EQ(answer.body, "onetwothree");
}

TEST(UpstreamFraming, ChunksOfOneReadAreOnePiece) {
  std::string wire = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
  std::string body;
  for (int i = 0; i < 50; ++i) {
    const std::string event = "data: " + std::to_string(i) + "\n\n";
    wire += test::Chunk(event);
    body += event;
  }
  FakeUpstream upstream(Always(Script().Send(wire + "0\r\n\r\n")));
  ClientThread client;
  const Answer answer = client.Do({.url = upstream.url(), .how = How::kPieces});
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(answer.pieces.size(), 1u);
}

TEST(UpstreamFraming, InterimAnswersArePassedOver) {
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n";
  const std::string wire = interim + "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
  for (const size_t size : {size_t{1}, size_t{30}, wire.size()}) {
    FakeUpstream upstream(Always(Script().Split(wire, size)));
    ClientThread client;
    const Answer answer = client.Do({.url = upstream.url()});
    EXPECT_EQ(answer.status, 200) << answer.failure.message;
    EXPECT_EQ(answer.body, "ok");
    EXPECT_EQ(answer.Header("link"), "");
  }
}

TEST(UpstreamFraming, AnAnswerBeforeTheRequestIsReadIsTaken) {
  test::Latch never;
  for (const bool close : {true, false}) {
    FakeUpstream::Options options;
    options.on_head = [&](const SeenRequest&) {
      Script script = Script().Send("HTTP/1.1 413 Too Large\r\ncontent-length: 5\r\n\r\nlarge");
      return close ? std::move(script).Close() : std::move(script).Hold(never);
    };
    FakeUpstream upstream([](const SeenRequest&) { return Script(); }, options);
    ClientThread client;
    const Answer answer = client.Do({.url = upstream.url(), .body = std::string(16 << 20, 'x')});
    EXPECT_EQ(answer.status, 413) << answer.failure.message;
    EXPECT_EQ(answer.body, "large");
    if (close) continue;
    EXPECT_TRUE(upstream.WaitForClientToLeave(1)) << "half a request is no end to go on from";
  }
}

TEST(UpstreamFraming, GarbageIsToldFromHttp) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string kCases[] = {
      "hello\r\n\r\n",
      "SSH-2.0-OpenSSH_9.2\r\n",
      "\r\n\r\n",
      "HTTP/2 200\r\n\r\n",
      "HTTP/1.1 abc OK\r\n\r\n",
      "HTTP/1.1 99 Low\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n",
      ok + "no colon\r\n\r\n",
      ok + " folded: x\r\n\r\n",
      ok + "content-length: -1\r\n\r\n",
      ok + "content-length: 1\r\ncontent-length: 2\r\n\r\n",
      ok + "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
      ok + "transfer-encoding: gzip\r\n\r\n",
      ok + std::string("a: b\0c\r\n\r\n", 10),
      ok + "transfer-encoding: chunked\r\n\r\nnot hex\r\n",
      ok + "transfer-encoding: chunked\r\n\r\n3\r\nabcX\r\n0\r\n\r\n",
      std::string("\x16\x03\x01\x02\x00\x01", 6),
  };
  for (const std::string& wire : kCases) {
    for (const How how : {How::kReadAll, How::kPieces}) {
      FakeUpstream upstream(Always(Script().Send(wire).Stall()));
      ClientThread client;
      const Answer answer = client.Do({.url = upstream.url(), .how = how});
      EXPECT_EQ(answer.failure.kind, FailureKind::kGarbage) << wire << answer.failure.message;
      EXPECT_FALSE(answer.end);
      EXPECT_TRUE(upstream.WaitForClientToLeave(1));
    }
  }
}

TEST(UpstreamFraming, HeadsAndInterimAnswersAreBounded) {
  std::string large = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 100; ++i) large += "x-" + std::to_string(i) + ": " + std::string(600, 'a') + "\r\n";
  const std::string fits =
      "HTTP/1.1 200 OK\r\nx: " + std::string(60'000, 'a') + "\r\ncontent-length: 2\r\n\r\nok";
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 300; ++i) many += "a: b\r\n";
  std::string interim;
  for (int i = 0; i < 17; ++i) interim += "HTTP/1.1 102 Processing\r\n\r\n";
  const std::pair<std::string, FailureKind> kCases[] = {
      {large + "y: " + std::string(10'000, 'y'), FailureKind::kGarbage},
      {many + "\r\n", FailureKind::kGarbage},
      {interim + fits, FailureKind::kGarbage},
      {fits, FailureKind::kNone},
  };
  for (const auto& [wire, kind] : kCases) {
    FakeUpstream upstream(Always(Script().Send(wire).Stall()));
    ClientThread client;
    const Answer answer = client.Do({.url = upstream.url()});
    EXPECT_EQ(answer.failure.kind, kind) << answer.failure.message;
  }
}

TEST(UpstreamFraming, ReadAllStopsAtItsLimit) {
  FakeUpstream upstream([](const SeenRequest& request) {
    if (request.target == "/chunked") return test::RespondChunked(200, {"12345", "67890"});
    return test::Respond(200, "1234567890");
  });
  ClientThread client;
  for (const char* path : {"/chunked", "/length"}) {
    EXPECT_EQ(client.Do({.url = upstream.url(), .path = path, .limit = 10}).body, "1234567890");
    const Answer answer = client.Do({.url = upstream.url(), .path = path, .limit = 9});
    EXPECT_EQ(answer.failure.kind, FailureKind::kGarbage);
    EXPECT_NE(answer.failure.message.find("larger than 9 bytes"), std::string::npos)
        << answer.failure.message;
  }
}

TEST(UpstreamFraming, GzipIsInflatedThoughNobodyAskedForIt) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "line " + std::to_string(i) + "\n";
  const std::string packed = Gzip(text);
  const Script chunked =
      Script()
          .Send("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n")
          .Split(test::Chunk(packed.substr(0, 1000)) + test::Chunk(packed.substr(1000)), 5000)
          .Send("0\r\n\r\n");
  const Script length = test::Respond(200, packed, {{"Content-Encoding", "gzip"}, {"X-A", "b"}});
  for (const Script& script : {chunked, length}) {
    FakeUpstream upstream(Always(script));
    ClientThread client;
    for (const How how : {How::kReadAll, How::kPieces}) {
      const Answer answer = client.Do({.url = upstream.url(), .how = how});
      EXPECT_TRUE(answer.failure.ok()) << answer.failure.message;
      EXPECT_TRUE(answer.body == text);
      EXPECT_EQ(answer.Header("content-encoding"), "");
      EXPECT_EQ(answer.Header("content-length"), "");
    }
    const Answer raw = client.Do({.url = upstream.url(), .keep_encoding = true});
    EXPECT_TRUE(raw.body == packed);
    EXPECT_EQ(raw.Header("content-encoding"), "gzip");
    EXPECT_EQ(upstream.connections().size(), 1u);
  }
}

TEST(UpstreamFraming, BadOrBoundlessGzipIsAFailure) {
  const std::string packed = Gzip("some text");
  const std::string bomb = Gzip(std::string(50 << 20, 'a'));
  struct Case {
    std::string body;
    FailureKind kind;
  };
  const Case kCases[] = {{packed.substr(0, packed.size() - 1), FailureKind::kReset},
                         {"no gzip", FailureKind::kGarbage},
                         {bomb, FailureKind::kGarbage}};
  for (const Case& c : kCases) {
    FakeUpstream upstream(Always(test::RespondChunked(200, {c.body}, {{"content-encoding", "gzip"}})));
    ClientThread client;
    const Answer answer = client.Do({.url = upstream.url(), .limit = 10 << 20});
    EXPECT_EQ(answer.failure.kind, c.kind) << answer.failure.message;
    EXPECT_FALSE(answer.end);
  }
}

TEST(UpstreamFraming, OtherEncodingsCannotBeReadButTheStatusIsThere) {
  FakeUpstream empty(Always(test::Respond(200, "", {{"content-encoding", "gzip"}})));
  FakeUpstream upstream(Always(test::Respond(429, "zzz", {{"content-encoding", "br"}})));
  ClientThread client;
  const Answer answer = client.Do({.url = upstream.url()});
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.failure.kind, FailureKind::kGarbage);
  EXPECT_EQ(client.Do({.url = upstream.url(), .keep_encoding = true}).body, "zzz");
  EXPECT_TRUE(client.Do({.url = empty.url()}).end) << "nothing to decode";
}

}  // namespace
}  // namespace portolan::upstream
