// A streamed answer, as a gRPC middleware is told it and speaks of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/middleware/grpc_streams.h"

namespace portolan::middleware {
namespace {

using namespace std::chrono_literals;
using Action = Verdict::Action;
using ::testing::HasSubstr;

TEST_F(GrpcStreams, IsToldOfEverythingInOrder) {
  std::vector<v1::ChunkEvent> told_events;
  fake.stream = [&](grpc::ServerContext& context, FakeMiddleware::Stream& events) {
    v1::ChunkEvent event;
    while (events.Read(&event)) {
      told_events.push_back(event);
      if (event.sequence() > 0) events.Write(On(event.sequence()));
    }
    // The gateway has let go of the stream, and what it would have sent before the request is here. What a
    // service does at last is not cut short.
    EXPECT_TRUE(test::Eventually([&] { return fake.requests.load(); }, 1));
    EXPECT_FALSE(context.IsCancelled());
    return grpc::Status::OK;
  };
  const Host host(fake);
  const auto service = New(host);
  portolan::v1::ChatCompletionChunk chunk;
  chunk.set_id("k1");
  portolan::v1::Completion completion;
  completion.set_id("k2");
  Told told;
  told.Open(*service, a_call.call);
  told.stream->Send(1, {&chunk, {}});
  told.stream->Send(2, {&completion, {}});
  told.stream->Send(3, {});
  told.stream->Send(4, {nullptr, "[DONE]"});
  told.stream->End(5, {.input = 1, .output = 2, .cached_input = -1, .reasoning = -1}, "upstream_timeout");
  Await(told, 5);
  told.stream.reset();
  EXPECT_TRUE(Ask(*service).verdict.has_value());
  for (uint64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(told.news[i].sequence, i + 1);
    ASSERT_TRUE(told.news[i].outcome.verdict.has_value()) << told.news[i].outcome.failure;
    EXPECT_EQ(told.news[i].outcome.verdict->action, Action::kProceed);
  }
  EXPECT_TRUE(test::Eventually([&] { return fake.left.load(); }, 2));
  ASSERT_EQ(told_events.size(), 6u);
  EXPECT_EQ(told_events[0].start().status(), 200);
  EXPECT_EQ(told_events[0].start().call().request_id(), "req-1");
  EXPECT_EQ(told_events[0].sequence(), 0u);
  EXPECT_EQ(told_events[1].chunk().id(), "k1");
  EXPECT_EQ(told_events[2].completion().id(), "k2");
  EXPECT_TRUE(told_events[3].has_json());
  EXPECT_EQ(told_events[3].json(), "");
  EXPECT_EQ(told_events[4].json(), "[DONE]");
  EXPECT_EQ(told_events[5].end().error_code(), "upstream_timeout");
  EXPECT_EQ(told_events[5].end().usage().output(), 2);
  EXPECT_FALSE(told_events[5].end().usage().has_reasoning());
}

TEST_F(GrpcStreams, VerdictsMayComeLateAndForSeveral) {
  v1::ChunkVerdict replace = On(2);
  replace.mutable_replace()->set_json("{1}");
  v1::Finding* const finding = replace.add_findings();
  finding->set_name("pii.email");
  finding->set_count(2);
  const std::vector<ChunkNews> news = Say({HoldOn(1), HoldOn(2), HoldOn(1), replace, DoneAt(2)}, 5);
  for (const size_t i : {0u, 1u, 2u}) EXPECT_EQ(news[i].outcome.verdict->action, Action::kHold);
  EXPECT_EQ(news[3].sequence, 2u);
  EXPECT_EQ(news[3].outcome.verdict->action, Action::kReplace);
  EXPECT_EQ(news[3].outcome.verdict->body.json, "{1}");
  ASSERT_EQ(news[3].outcome.verdict->findings.size(), 1u);
  EXPECT_EQ(news[3].outcome.verdict->findings[0].name, "pii.email");
  EXPECT_EQ(news[3].outcome.verdict->findings[0].count, 2u);
  EXPECT_EQ(news[4].outcome.verdict->action, Action::kDone);
}

TEST_F(GrpcStreams, DenyEndsIt) {
  v1::ChunkVerdict deny = On(1);
  deny.mutable_deny()->set_code("too_rude");
  const std::vector<ChunkNews> news = Say({On(1), deny}, 2);
  EXPECT_EQ(news[1].outcome.verdict->action, Action::kDeny);
  EXPECT_EQ(news[1].outcome.verdict->denial.code, "too_rude");
  EXPECT_EQ(news[1].outcome.verdict->denial.http_status, 446);
}

TEST_F(GrpcStreams, AfterDoneTheServiceMayLeave) {
  fake.stream = [&](grpc::ServerContext&, FakeMiddleware::Stream& events) {
    v1::ChunkEvent event;
    EXPECT_TRUE(events.Read(&event) && events.Read(&event));
    events.Write(DoneAt(1));
    // What it says beyond that is not heard.
    events.Write(On(77));
    // Nothing more is told, however much is sent.
    EXPECT_FALSE(events.Read(&event));
    return grpc::Status::OK;
  };
  const Host host(fake);
  const auto service = New(host);
  Told told;
  told.Open(*service, a_call.call);
  told.Send(1, "{}");
  Await(told, 1);
  told.Send(2, "{}");
  told.End(3);
  EXPECT_TRUE(net::RunUntil(loop, [&] { return fake.left == 1; }));
  EXPECT_FALSE(told.stream->Take().has_value());
  EXPECT_EQ(told.news.size(), 1u);
  EXPECT_EQ(told.news[0].outcome.verdict->action, Action::kDone);
}

TEST_F(GrpcStreams, ItEndsWithTheCallsTime) {
  fake.stream = [](grpc::ServerContext& context, FakeMiddleware::Stream&) { return UntilCancelled(context); };
  const Host host(fake);
  const auto service = New(host);
  a_call.call.remaining = 50ms;
  Told told;
  told.Open(*service, a_call.call);
  Await(told, 1);
  EXPECT_EQ(told.failure(), "DEADLINE_EXCEEDED");
}

TEST_F(GrpcStreams, ManyChunksAllPass) {
  fake.stream = [](grpc::ServerContext&, FakeMiddleware::Stream& events) {
    v1::ChunkEvent event;
    while (events.Read(&event)) {
      if (event.sequence() > 0) events.Write(On(event.sequence()));
    }
    return grpc::Status::OK;
  };
  const Host host(fake);
  const auto service = New(host);
  constexpr uint64_t kChunks = 2'000;
  Told told;
  told.Open(*service, a_call.call);
  for (uint64_t i = 1; i < kChunks; ++i) told.Send(i, "{}");
  told.End(kChunks);
  Await(told, kChunks);
  for (uint64_t i = 0; i < kChunks; ++i) {
    ASSERT_TRUE(told.news[i].outcome.verdict.has_value()) << told.news[i].outcome.failure;
    ASSERT_EQ(told.news[i].sequence, i + 1);
  }
}

TEST_F(GrpcStreams, ChunksThatCannotBeToldFail) {
  fake.stream = [](grpc::ServerContext& context, FakeMiddleware::Stream&) { return UntilCancelled(context); };
  const Host host(fake);
  settings.max_body = 10;
  const auto service = New(host);
  Told large;
  large.Open(*service, a_call.call);
  large.Send(1, "0123456789a");
  Await(large, 1);
  EXPECT_THAT(large.failure(), HasSubstr("larger than max_body"));
  Told other;
  other.Open(*service, a_call.call);
  const portolan::v1::EmbeddingRequest request;
  other.stream->Send(1, {&request, {}});
  Await(other, 1);
  EXPECT_THAT(other.failure(), HasSubstr("no place"));
}

TEST_F(GrpcStreams, SecretHeadersGoWithIt) {
  std::atomic<bool> seen = false;
  fake.stream = [&](grpc::ServerContext& context, FakeMiddleware::Stream&) {
    seen = context.client_metadata().contains("x-audit");
    return grpc::Status::OK;
  };
  const Host host(fake);
  settings.secret_headers = {{"x-audit", Secret("s3cret")}};
  const auto service = New(host);
  Told told;
  told.Open(*service, a_call.call);
  Await(told, 1);
  EXPECT_TRUE(seen);
}

TEST_F(GrpcStreams, LeavingCancels) {
  std::atomic<int> entered = 0;
  fake.stream = [&](grpc::ServerContext& context, FakeMiddleware::Stream&) {
    ++entered;
    return UntilCancelled(context);
  };
  const Host host(fake);
  const auto service = New(host);
  Told told;
  told.Open(*service, a_call.call);
  told.Send(1, "{}");
  Told ended;
  ended.Open(*service, a_call.call);
  ended.End(1);
  EXPECT_TRUE(net::RunUntil(loop, [&] { return entered == 2; }));
  told.stream.reset();
  ended.stream.reset();
  EXPECT_TRUE(net::RunUntil(loop, [&] { return fake.left == 2; }));
  EXPECT_TRUE(told.news.empty());
  EXPECT_TRUE(ended.news.empty());
}

}  // namespace
}  // namespace portolan::middleware
