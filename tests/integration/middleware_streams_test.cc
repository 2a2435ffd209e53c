// Middleware on streams, at both doors.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/support/middleware_gateway.h"
#include "tests/support/eventually.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;
using Stream = TestMiddleware::Stream;

std::string Delta(const std::string& text) { return OpenAiDelta(Json{{"content", text}}.dump()); }

std::string Chunked(const std::string& bytes) {
  std::string size(16, '\0');
  size.resize(static_cast<size_t>(snprintf(size.data(), size.size(), "%zx", bytes.size())));
  return size + "\r\n" + bytes + "\r\n";
}

std::string TextOf(const mw::ChunkEvent& event) {
  return event.chunk().choices_size() == 0 ? std::string() : event.chunk().choices(0).delta().content();
}

// Calls `take` with each chunk, and lets the end go.
grpc::Status ForEachChunk(Stream* stream, const std::function<void(const mw::ChunkEvent&)>& take) {
  mw::ChunkEvent event;
  while (stream->Read(&event)) {
    if (event.event_case() == mw::ChunkEvent::kStart) continue;
    if (event.event_case() == mw::ChunkEvent::kEnd) {
      Proceed(event.sequence(), stream);
    } else {
      take(event);
    }
  }
  return grpc::Status::OK;
}

void Say(uint64_t sequence, const mw::ChunkEvent& last, const std::string& text, Stream* stream) {
  mw::ChunkVerdict verdict;
  verdict.set_sequence(sequence);
  auto* const chunk = verdict.mutable_replace()->mutable_chunk();
  *chunk = last.chunk();
  chunk->mutable_choices(0)->mutable_delta()->set_content(text);
  stream->Write(verdict);
}

void Refuse(uint64_t sequence, Stream* stream) {
  mw::ChunkVerdict verdict;
  verdict.set_sequence(sequence);
  verdict.mutable_deny()->set_message("not this");
  stream->Write(verdict);
}

class MiddlewareStreams : public ::testing::Test {
 protected:
  GatewayFixture Start(const std::string& entries) {
    return StartWithMiddleware(upstream_, entries, "default_middleware: [one]\n");
  }
  void Says(const std::vector<std::string>& pieces) {
    script_ = [pieces](const SeenRequest&) {
      std::string events;
      for (const std::string& piece : pieces) events += Delta(piece);
      return Script().Send(StreamHead() + Chunked(events + OpenAiFinish()) + "0\r\n\r\n");
    };
  }
  static RouteAnswer Call(const GatewayFixture& gateway, Door door) {
    return RouteCaller(gateway).Call({.door = door, .stream = true});
  }

  FakeUpstream::Handler script_;
  FakeUpstream upstream_{[this](const SeenRequest& request) { return script_(request); }};
};

constexpr Door kDoors[] = {Door::kRest, Door::kGrpc};

TEST_F(MiddlewareStreams, MayChangeEachChunk) {
  const TestMiddleware service({.hooks = {mw::HOOK_CHUNK}, .stream = [](Stream* stream) {
                                  return ForEachChunk(stream, [&](const mw::ChunkEvent& event) {
                                    if (TextOf(event).empty()) return Proceed(event.sequence(), stream);
                                    Say(event.sequence(), event, "<" + TextOf(event) + ">", stream);
                                  });
                                }});
  GatewayFixture gateway = Start(Entry("one", service));
  Says({"a", "b", "c"});
  for (const Door door : kDoors) {
    const RouteAnswer answer = Call(gateway, door);
    EXPECT_EQ(answer.text, "<a><b><c>");
    EXPECT_FALSE(answer.broke);
    if (door == Door::kRest) EXPECT_TRUE(answer.done);
  }
}

// Several chunks become one, and what waits leaves when there is a verdict.
TEST_F(MiddlewareStreams, MayHoldWhatItHasNotSeenWholeYet) {
  const TestMiddleware service({.hooks = {mw::HOOK_CHUNK}, .stream = [](Stream* stream) {
                                  std::string held;
                                  return ForEachChunk(stream, [&](const mw::ChunkEvent& event) {
                                    held += TextOf(event);
                                    if (held.ends_with("sword")) {
                                      mw::ChunkVerdict verdict;
                                      verdict.set_sequence(event.sequence());
                                      verdict.mutable_hold();
                                      stream->Write(verdict);
                                      return;
                                    }
                                    if (held.ends_with("swordfish")) {
                                      Say(event.sequence(), event, "[FISH]", stream);
                                    } else {
                                      Proceed(event.sequence(), stream);
                                    }
                                    held.clear();
                                  });
                                }});
  GatewayFixture gateway = Start(Entry("one", service));
  Says({"the ", "sword", "fish", " and a sword", " only"});
  for (const Door door : kDoors) {
    EXPECT_EQ(Call(gateway, door).text, "the [FISH] and a sword only");
  }
}

// One verdict may speak of all that came, without a word about each.
TEST_F(MiddlewareStreams, MaySpeakOfManyAtOnce) {
  const TestMiddleware service({.hooks = {mw::HOOK_CHUNK}, .stream = [](Stream* stream) {
                                  mw::ChunkEvent event;
                                  while (stream->Read(&event)) {
                                    if (event.event_case() == mw::ChunkEvent::kEnd)
                                      Proceed(event.sequence(), stream);
                                  }
                                  return grpc::Status::OK;
                                }});
  GatewayFixture gateway = Start(Entry("one", service, ", timeout: 60s"));
  Says({"a", "b", "c"});
  for (const Door door : kDoors) EXPECT_EQ(Call(gateway, door).text, "abc");
}

// Bytes that nobody changes are those of the provider.
TEST_F(MiddlewareStreams, WhatOnlyReadsKeepsTheBytes) {
  for (const mw::BodyForm form : {mw::BODY_FORM_NONE, mw::BODY_FORM_JSON, mw::BODY_FORM_TYPED}) {
    const TestMiddleware service({.hooks = {mw::HOOK_CHUNK}, .form = form, .read_only = true});
    GatewayFixture gateway = Start(Entry("one", service));
    const std::string events =
        "data: {\"id\":\"c\", \"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}],\"novel\":1}\n\n"
        ": a comment\n\nevent: odd\ndata: {\"choices\":[]}\n\n" +
        OpenAiFinish();
    script_ = [&](const SeenRequest&) { return Script().Send(StreamHead() + Chunked(events) + "0\r\n\r\n"); };
    const std::string body = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})";
    const TestAnswer answer = TestClient(gateway.http_address()).Post("/v1/chat/completions", body);
    std::string without = answer.body;
    // Comments may overtake what is waited for.
    if (const size_t at = without.find(": a comment\n\n"); at != std::string::npos) without.erase(at, 13);
    std::string expected = events;
    expected.erase(expected.find(": a comment\n\n"), 13);
    EXPECT_EQ(without, expected) << form;
  }
}

TEST_F(MiddlewareStreams, ADenialBeforeAnythingHasLeftIsAStatus) {
  const TestMiddleware service(
      {.hooks = {mw::HOOK_CHUNK}, .stream = [](Stream* stream) {
         return ForEachChunk(stream, [&](const mw::ChunkEvent& event) { Refuse(event.sequence(), stream); });
       }});
  GatewayFixture gateway = Start(Entry("one", service));
  Says({"a", "b"});
  for (const Door door : kDoors) {
    const RouteAnswer answer = Call(gateway, door);
    EXPECT_EQ(answer.status, 446);
    EXPECT_EQ(answer.code, "middleware_denied");
    EXPECT_EQ(answer.message, "not this");
    EXPECT_EQ(answer.text, "");
  }
}

// The provider is left at once, though it has nothing to say.
TEST_F(MiddlewareStreams, ADenialLaterEndsTheStreamAtOnce) {
  TestClock::time_point said;
  const TestMiddleware service({.hooks = {mw::HOOK_CHUNK}, .stream = [&](Stream* stream) {
                                  return ForEachChunk(stream, [&](const mw::ChunkEvent& event) {
                                    if (TextOf(event) != "swordfish")
                                      return Proceed(event.sequence(), stream);
                                    said = TestClock::now();
                                    Refuse(event.sequence(), stream);
                                  });
                                }});
  GatewayFixture gateway = Start(Entry("one", service));
  script_ = [](const SeenRequest&) {
    return Script().Send(StreamHead() + Chunked(Delta("the ")) + Chunked(Delta("swordfish"))).Stall();
  };
  int connection = 0;
  for (const Door door : kDoors) {
    const RouteAnswer answer = Call(gateway, door);
    EXPECT_EQ(answer.text.find("swordfish"), std::string::npos);
    EXPECT_EQ(answer.code, "middleware_denied");
    EXPECT_FALSE(answer.done);
    ASSERT_TRUE(upstream_.WaitForClientToLeave(++connection));
    // 50 ms where the machine is idle.
    EXPECT_LT(*upstream_.connection(connection).client_left - said, std::chrono::seconds(2));
  }
}

TEST_F(MiddlewareStreams, WhatIsDoneIsNotAskedAgain) {
  std::atomic<int> chunks = 0;
  const TestMiddleware service({.hooks = {mw::HOOK_CHUNK}, .stream = [&](Stream* stream) {
                                  mw::ChunkEvent event;
                                  while (stream->Read(&event)) {
                                    if (event.event_case() != mw::ChunkEvent::kChunk) continue;
                                    ++chunks;
                                    mw::ChunkVerdict verdict;
                                    verdict.set_sequence(event.sequence());
                                    verdict.mutable_done();
                                    stream->Write(verdict);
                                    return grpc::Status::OK;
                                  }
                                  return grpc::Status::OK;
                                }});
  GatewayFixture gateway = Start(Entry("one", service));
  Says({"a", "b", "c"});
  for (const Door door : kDoors) EXPECT_EQ(Call(gateway, door).text, "abc");
  EXPECT_EQ(chunks, 2);
}

// A verdict lets a chunk go while the provider is silent.
TEST_F(MiddlewareStreams, NothingWaitsForTheNextChunk) {
  const TestMiddleware service({.hooks = {mw::HOOK_CHUNK}});
  GatewayFixture gateway = Start(Entry("one", service));
  Latch go;
  script_ = [go](const SeenRequest&) {
    return Script()
        .Send(StreamHead() + Chunked(Delta("first")))
        .Hold(go)
        .Send(Chunked(Delta("second") + OpenAiFinish()) + "0\r\n\r\n");
  };
  TestClient client(gateway.http_address());
  client.Send("POST", "/v1/chat/completions",
              R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(client.ReadHead().status, 200);
  std::string seen;
  while (seen.find("first") == std::string::npos && !client.closed()) seen += client.ReadRaw();
  EXPECT_THAT(seen, Not(HasSubstr("second")));
  go.Release();
  while (seen.find("[DONE]") == std::string::npos && !client.closed()) seen += client.ReadRaw();
  EXPECT_THAT(seen, HasSubstr("second"));
}

// While a middleware says nothing the provider is not read, and what it has sent is bounded.
TEST_F(MiddlewareStreams, ASilentMiddlewareStopsTheProvider) {
  Latch go;
  const TestMiddleware service(
      {.hooks = {mw::HOOK_CHUNK}, .stream = [&](Stream* stream) {
         mw::ChunkEvent event;
         stream->Read(&event);
         go.Wait(120);
         return ForEachChunk(stream, [&](const mw::ChunkEvent& chunk) { Proceed(chunk.sequence(), stream); });
       }});
  GatewayFixture gateway = Start(Entry("one", service, ", timeout: 100s"));
  constexpr size_t kPieces = 400;
  const std::string piece = Chunked(Delta(std::string(100'000, 'x')));
  script_ = [&](const SeenRequest&) {
    return Script()
        .Send(StreamHead())
        .Stream([&](size_t) { return piece; }, kPieces)
        .Send(Chunked(OpenAiFinish()) + "0\r\n\r\n");
  };
  std::thread caller([&] { EXPECT_EQ(Call(gateway, Door::kRest).text.size(), kPieces * 100'000); });
  // Sockets hold some megabytes; the whole is forty.
  size_t sent = 0;
  ASSERT_TRUE(upstream_.WaitForConnections(1));
  EXPECT_TRUE(Eventually([&] {
    const size_t now = upstream_.connection(1).bytes_sent;
    const bool still = now == sent && now > 0;
    sent = now;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return still;
  }));
  EXPECT_LT(sent, 20'000'000U);
  go.Release();
  caller.join();
}

// A stream that has to be looked at whole, and breaks, has nothing that may leave.
TEST_F(MiddlewareStreams, HalfAnAnswerIsNotJudged) {
  const TestMiddleware service({.hooks = {mw::HOOK_RESPONSE}});
  GatewayFixture gateway = Start(Entry("one", service));
  script_ = [](const SeenRequest&) { return Script().Send(StreamHead() + Chunked(Delta("half"))).Reset(); };
  for (const Door door : kDoors) {
    const RouteAnswer answer = Call(gateway, door);
    EXPECT_EQ(answer.text, "");
    EXPECT_EQ(answer.status, 502);
    EXPECT_EQ(answer.error_class, "provider");
  }
  EXPECT_TRUE(service.responses().empty());
}

// Two of them, of different kinds: the inner one changes chunks, the outer one sees the whole of it.
TEST_F(MiddlewareStreams, StandBehindOneAnother) {
  const TestMiddleware inner({.hooks = {mw::HOOK_CHUNK}, .stream = [](Stream* stream) {
                                return ForEachChunk(stream, [&](const mw::ChunkEvent& event) {
                                  if (TextOf(event).empty()) return Proceed(event.sequence(), stream);
                                  Say(event.sequence(), event, "<" + TextOf(event) + ">", stream);
                                });
                              }});
  const TestMiddleware outer({.hooks = {mw::HOOK_RESPONSE}});
  GatewayFixture gateway = StartWithMiddleware(upstream_, Entry("inner", inner) + Entry("outer", outer),
                                               "default_middleware: [outer, inner]\n");
  Says({"a", "b"});
  for (const Door door : kDoors) {
    EXPECT_EQ(Call(gateway, door).text, "<a><b>");
    ASSERT_FALSE(outer.responses().empty());
    EXPECT_EQ(outer.responses().back().chat().choices(0).message().content().text(), "<a><b>");
    EXPECT_TRUE(outer.responses().back().streamed());
  }
}

TEST_F(MiddlewareStreams, OneThatHoldsAllMayStandBehindOneThatDoesNot) {
  const TestMiddleware inner({.hooks = {mw::HOOK_RESPONSE}});
  const TestMiddleware outer({.hooks = {mw::HOOK_CHUNK}, .stream = [](Stream* stream) {
                                return ForEachChunk(stream, [&](const mw::ChunkEvent& event) {
                                  if (TextOf(event).empty()) return Proceed(event.sequence(), stream);
                                  Say(event.sequence(), event, "<" + TextOf(event) + ">", stream);
                                });
                              }});
  GatewayFixture gateway = StartWithMiddleware(upstream_, Entry("inner", inner) + Entry("outer", outer),
                                               "default_middleware: [outer, inner]\n");
  Says({"a", "b"});
  for (const Door door : kDoors) EXPECT_EQ(Call(gateway, door).text, "<a><b>");
}

}  // namespace
}  // namespace portolan::test
