// A streamed answer, as a gRPC middleware is told it and speaks of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "tests/unit/middleware/fake_middleware.h"

namespace portolan::middleware {
namespace {

using namespace std::chrono_literals;
using Action = Verdict::Action;
using ::testing::HasSubstr;

// A verdict on everything up to `sequence`; what it says is set by the test.
v1::ChunkVerdict On(uint64_t sequence) {
  v1::ChunkVerdict verdict;
  verdict.set_sequence(sequence);
  return verdict;
}
v1::ChunkVerdict HoldOn(uint64_t sequence) {
  v1::ChunkVerdict verdict = On(sequence);
  verdict.mutable_hold();
  return verdict;
}
v1::ChunkVerdict DoneAt(uint64_t sequence) {
  v1::ChunkVerdict verdict = On(sequence);
  verdict.mutable_done();
  return verdict;
}

class GrpcStreams : public GrpcTest {
 protected:
  // One stream of the gateway's, and all that came of it.
  struct Told {
    std::vector<ChunkNews> news;
    std::unique_ptr<ChunkStream> stream;
    bool within = false;  // a call of the stream

    void Open(Service& service, const CallInfo& call) {
      within = true;
      stream = service.Open(call, 200, [this] { Drain(); });
      within = false;
    }
    void Drain() {
      EXPECT_FALSE(within);
      while (std::optional<ChunkNews> next = stream->Take()) news.push_back(std::move(*next));
    }
    void Send(uint64_t sequence, std::string_view json) {
      within = true;
      stream->Send(sequence, {nullptr, json});
      within = false;
    }
    void End(uint64_t sequence) {
      within = true;
      stream->End(sequence, {}, {});
      within = false;
    }
    const std::string& failure() const { return news.back().outcome.failure; }
  };

  // Runs the loop until so many verdicts and failures have come, which is all that comes.
  void Await(Told& told, size_t count) {
    EXPECT_TRUE(net::RunUntil(loop, [&] { return told.news.size() >= count; }));
    ASSERT_EQ(told.news.size(), count);
  }

  // What comes of two chunks where the service, when it has been told of both, says this.
  std::vector<ChunkNews> Say(const std::vector<v1::ChunkVerdict>& verdicts, size_t count) {
    fake.stream = [&](grpc::ServerContext& context, FakeMiddleware::Stream& events) {
      v1::ChunkEvent event;
      EXPECT_TRUE(events.Read(&event) && event.has_start());
      EXPECT_TRUE(events.Read(&event) && events.Read(&event));
      for (const v1::ChunkVerdict& verdict : verdicts) events.Write(verdict);
      return UntilCancelled(context);
    };
    const Host host(fake);
    const auto service = New(host);
    Told told;
    told.Open(*service, a_call.call);
    told.Send(1, "{}");
    told.Send(2, "{}");
    Await(told, count);
    // After a failure there is nothing more.
    EXPECT_FALSE(told.stream->Take().has_value());
    told.stream.reset();
    return std::move(told.news);
  }
  // The failure that the last of these verdicts comes to.
  std::string FailureOf(const std::vector<v1::ChunkVerdict>& verdicts) {
    const std::vector<ChunkNews> news = Say(verdicts, verdicts.size());
    return news.empty() ? "" : news.back().outcome.failure;
  }

  FakeMiddleware fake;
};

TEST_F(GrpcStreams, IsToldOfEverythingInOrder) {
  std::vector<v1::ChunkEvent> told_events;
  fake.stream = [&](grpc::ServerContext& context, FakeMiddleware::Stream& events) {
    v1::ChunkEvent event;
    while (events.Read(&event)) {
      told_events.push_back(event);
      if (event.sequence() > 0) events.Write(On(event.sequence()));
    }
    // The gateway lets go of a stream that is over; what a service does at last is not cut short.
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
  for (uint64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(told.news[i].sequence, i + 1);
    ASSERT_TRUE(told.news[i].outcome.verdict.has_value()) << told.news[i].outcome.failure;
    EXPECT_EQ(told.news[i].outcome.verdict->action, Action::kProceed);
  }
  EXPECT_TRUE(test::Eventually([&] { return fake.left.load(); }, 1));
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

TEST_F(GrpcStreams, SequencesAreHeldTo) {
  EXPECT_EQ(FailureOf({On(0)}), "wrong sequence");
  EXPECT_EQ(FailureOf({DoneAt(0)}), "wrong sequence");
  EXPECT_EQ(FailureOf({On(3)}), "wrong sequence");
  EXPECT_EQ(FailureOf({HoldOn(3)}), "wrong sequence");
  EXPECT_EQ(FailureOf({On(1), On(1)}), "wrong sequence");
  EXPECT_EQ(FailureOf({On(2), On(1)}), "wrong sequence");
  EXPECT_EQ(FailureOf({On(2), HoldOn(2)}), "wrong sequence");
  EXPECT_EQ(FailureOf({On(2), DoneAt(1)}), "wrong sequence");
  v1::ChunkVerdict replace = On(2);
  replace.mutable_replace()->set_json("{}");
  EXPECT_EQ(FailureOf({replace, replace}), "wrong sequence");
}

TEST_F(GrpcStreams, WhatItSaysIsChecked) {
  v1::ChunkVerdict deny = On(1);
  deny.mutable_deny()->set_http_status(500);
  EXPECT_THAT(FailureOf({deny}), HasSubstr("http_status 500"));
  v1::ChunkVerdict replace = On(1);
  replace.mutable_replace();
  EXPECT_EQ(FailureOf({replace}), "Replace without a body");
  replace.mutable_replace()->mutable_chunk()->set_id("k");
  EXPECT_THAT(FailureOf({replace}), HasSubstr("does not fit"));
}

TEST_F(GrpcStreams, TheEndCannotBeReplaced) {
  fake.stream = [](grpc::ServerContext& context, FakeMiddleware::Stream& events) {
    v1::ChunkEvent event;
    EXPECT_TRUE(events.Read(&event) && events.Read(&event) && event.has_end());
    v1::ChunkVerdict replace = On(1);
    replace.mutable_replace()->set_json("{}");
    events.Write(replace);
    return UntilCancelled(context);
  };
  const Host host(fake);
  const auto service = New(host);
  Told told;
  told.Open(*service, a_call.call);
  told.End(1);
  Await(told, 1);
  EXPECT_EQ(told.failure(), "Replace of the end");
}

TEST_F(GrpcStreams, AServiceThatDiesInMidStreamFails) {
  grpc::Status status;
  fake.stream = [&](grpc::ServerContext&, FakeMiddleware::Stream& events) {
    v1::ChunkEvent event;
    EXPECT_TRUE(events.Read(&event) && events.Read(&event));
    events.Write(On(1));
    return status;
  };
  const std::vector<std::pair<grpc::Status, std::string>> ways = {
      {{grpc::StatusCode::INTERNAL, "what was said"}, "INTERNAL"},
      {{grpc::StatusCode::UNAVAILABLE, ""}, "UNAVAILABLE"},
      {grpc::Status::OK, "the stream was ended before its last verdict"}};
  const Host host(fake);
  const auto service = New(host);
  EXPECT_EQ(Learn(*service), "");
  for (const auto& [way, failure] : ways) {
    status = way;
    Told told;
    told.Open(*service, a_call.call);
    told.Send(1, "{}");
    Await(told, 2);
    EXPECT_TRUE(told.news[0].outcome.verdict.has_value());
    EXPECT_EQ(told.failure(), failure);
    EXPECT_FALSE(told.stream->Take().has_value());
    // More may be sent to it in vain.
    told.Send(2, "{}");
    told.End(3);
  }
  // It may have been away.
  EXPECT_EQ(service->wants(), nullptr);
}

TEST_F(GrpcStreams, AServerThatGoesAwayFails) {
  std::promise<void> entered;
  fake.stream = [&](grpc::ServerContext& context, FakeMiddleware::Stream&) {
    entered.set_value();
    return UntilCancelled(context);
  };
  auto host = std::make_unique<Host>(fake);
  const auto service = New(*host);
  Told told;
  told.Open(*service, a_call.call);
  told.Send(1, "{}");
  entered.get_future().wait();
  host.reset();
  Await(told, 1);
  EXPECT_THAT(told.failure(), ::testing::AnyOf("UNAVAILABLE", "CANCELLED"));
}

TEST_F(GrpcStreams, AServerThatIsNotThereFails) {
  const net::RawListener deaf(/*deaf=*/true);
  settings.grpc = deaf.address.ToString();
  const auto service = NewGrpcService(settings, loop, thread);
  Told told;
  told.Open(*service, a_call.call);
  told.Send(1, "{}");
  Await(told, 1);
  EXPECT_EQ(told.failure(), "UNAVAILABLE");
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

TEST_F(GrpcStreams, AFloodIsStopped) {
  std::atomic<int> written = 0;
  fake.stream = [&](grpc::ServerContext&, FakeMiddleware::Stream& events) {
    v1::ChunkEvent event;
    EXPECT_TRUE(events.Read(&event) && events.Read(&event));
    while (events.Write(HoldOn(1))) ++written;
    return grpc::Status::OK;
  };
  const Host host(fake);
  const auto service = New(host);
  Told told;
  told.Open(*service, a_call.call);
  told.Send(1, "{}");
  EXPECT_TRUE(net::RunUntil(loop, [&] { return !told.news.empty() && !told.news.back().outcome.verdict; }));
  EXPECT_EQ(told.failure(), "far more verdicts than chunks");
  EXPECT_EQ(told.news.size(), 19u);
  EXPECT_TRUE(test::Eventually([&] { return fake.left.load(); }, 1));
}

TEST_F(GrpcStreams, AFloodAfterDoneIsStoppedToo) {
  fake.stream = [](grpc::ServerContext&, FakeMiddleware::Stream& events) {
    v1::ChunkEvent event;
    EXPECT_TRUE(events.Read(&event) && events.Read(&event));
    while (events.Write(DoneAt(1))) continue;
    return grpc::Status::OK;
  };
  const Host host(fake);
  const auto service = New(host);
  Told told;
  told.Open(*service, a_call.call);
  told.Send(1, "{}");
  Await(told, 1);
  EXPECT_EQ(told.news[0].outcome.verdict->action, Action::kDone);
  EXPECT_TRUE(test::Eventually([&] { return fake.left.load(); }, 1));
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

// Says what is no ChunkVerdict.
class StreamGarbage : public v1::Middleware::WithRawCallbackMethod_HandleStream<v1::Middleware::Service> {
 public:
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* HandleStream(
      grpc::CallbackServerContext*) override {
    class Reactor final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
     public:
      Reactor() {
        const grpc::Slice slice("\xff\xff\xff");
        bytes_ = grpc::ByteBuffer(&slice, 1);
        StartWrite(&bytes_);
      }
      void OnCancel() override { Finish(grpc::Status::CANCELLED); }
      void OnDone() override { delete this; }

     private:
      grpc::ByteBuffer bytes_;
    };
    return new Reactor;
  }
};

TEST_F(GrpcStreams, BytesThatAreNoVerdictFail) {
  StreamGarbage garbage;
  const Host host(garbage);
  const auto service = New(host);
  Told told;
  told.Open(*service, a_call.call);
  Await(told, 1);
  EXPECT_EQ(told.failure(), "a message that is no ChunkVerdict");
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
