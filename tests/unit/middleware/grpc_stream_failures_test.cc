// Streams on which a gRPC middleware talks nonsense, floods, or is gone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "tests/unit/middleware/grpc_streams.h"

namespace portolan::middleware {
namespace {

using namespace std::chrono_literals;
using Action = Verdict::Action;
using ::testing::HasSubstr;

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

// Says what is no ChunkVerdict.
class StreamGarbage : public v1::Middleware::WithRawCallbackMethod_HandleStream<v1::Middleware::Service> {
 public:
  using WithRawCallbackMethod_HandleStream::HandleStream;
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

}  // namespace
}  // namespace portolan::middleware
