// Callers that leave, dawdle or run out of time, and shutting down.

#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <future>

#include "tests/support/eventually.h"
#include "tests/unit/rpc/fake_gateway.h"

namespace portolan::rpc {
namespace {

using namespace std::chrono_literals;

// From the client's cancelling to the service's hearing of it.
constexpr auto kSoon = 50ms;

TEST(RpcCancel, ReachesTheScopeOfAWaitingUnaryCall) {
  const auto attempt = [] {
    FakeGateway gateway;
    const auto stub = gateway.NewStub();
    grpc::ClientContext context;
    v1::ChatCompletion reply;
    auto status = std::async(std::launch::async,
                             [&] { return stub->CreateChatCompletion(&context, Ask("wait"), &reply); });
    gateway.script.WaitEntered(1);
    const auto start = net::Clock::now();
    context.TryCancel();
    EXPECT_EQ(status.get().error_code(), grpc::StatusCode::CANCELLED);
    const Note note = gateway.script.WaitLeft();
    EXPECT_EQ(note.reason, net::CancelReason::kClientGone);
    return note.over - start;
  };
  EXPECT_TRUE(test::BestWithin(kSoon, attempt));
}

net::Duration CancelStream(const char* model) {
  FakeGateway gateway;
  const auto stub = gateway.NewStub();
  grpc::ClientContext context;
  const auto reader = stub->StreamChatCompletion(&context, Ask(model));
  v1::ChatCompletionChunk chunk;
  if (std::string_view(model) == "wait") {
    gateway.script.WaitEntered(1);
  } else {
    EXPECT_TRUE(reader->Read(&chunk));
  }
  // The window is full and the write stands still: nothing but the cancellation can move it.
  if (std::string_view(model) == "flood") gateway.script.WaitStalled();
  const auto start = net::Clock::now();
  context.TryCancel();
  const Note note = gateway.script.WaitLeft();
  EXPECT_EQ(note.reason, net::CancelReason::kClientGone);
  while (reader->Read(&chunk)) continue;
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  return note.over - start;
}

TEST(RpcCancel, ReachesTheScopeOfAStreamNotYetBegun) {
  EXPECT_TRUE(test::BestWithin(kSoon, [] { return CancelStream("wait"); }));
}
TEST(RpcCancel, ReachesTheScopeOfAStreamUnderWay) {
  EXPECT_TRUE(test::BestWithin(kSoon, [] { return CancelStream("drip"); }));
}
TEST(RpcCancel, ReachesTheScopeOfAStreamThatASlowReaderHolds) {
  EXPECT_TRUE(test::BestWithin(kSoon, [] { return CancelStream("flood"); }));
}

TEST(RpcCancel, ADeadlineThatPassesIsToldApart) {
  FakeGateway gateway;
  const auto stub = gateway.NewStub();
  for (const char* model : {"wait", "flood"}) {
    // The client gives up by its own clock, which on a busy machine may have begun long before the server's:
    // what comes much too early for the latter is, now and then, a caller that has left.
    net::CancelReason reason = net::CancelReason::kNone;
    for (int i = 0; i < 10 && reason != net::CancelReason::kDeadline; ++i) {
      const int left = gateway.script.left();
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + 1s);
      const auto reader = stub->StreamChatCompletion(&context, Ask(model));
      reason = gateway.script.WaitLeft(left + 1).reason;
      ReadAll(*reader);
      EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED) << model;
    }
    EXPECT_EQ(reason, net::CancelReason::kDeadline) << model;
  }
}

TEST(RpcBackPressure, ASlowReaderStopsTheWriter) {
  FakeGateway gateway;
  const auto stub = gateway.NewStub();
  grpc::ClientContext context;
  const auto reader = stub->StreamChatCompletion(&context, Ask("flood"));
  gateway.script.WaitStalled();
  context.TryCancel();
  // What the windows of both sides hold is far below 4 MB.
  EXPECT_LT(gateway.script.WaitLeft().written, 256);
  reader->Finish();
}

TEST(RpcBackPressure, AReaderThatWakesUpGetsEverythingInOrder) {
  FakeGateway gateway;
  gateway.script.chunks = 100;
  gateway.script.batch = 3;
  gateway.script.chunk_bytes = 4096;
  const auto stub = gateway.NewStub();
  grpc::ClientContext context;
  const auto reader = stub->StreamChatCompletion(&context, Ask("stream"));
  gateway.script.WaitStalled();
  EXPECT_EQ(gateway.script.left(), 0);
  std::vector<std::string> expected;
  for (int i = 0; i < 300; ++i) expected.push_back(std::to_string(i / 3) + "." + std::to_string(i % 3));
  EXPECT_EQ(ReadAll(*reader), expected);
  EXPECT_TRUE(reader->Finish().ok());
}

TEST(RpcShutdown, WaitsForCallsInFlightAndRefusesNewOnes) {
  FakeGateway gateway;
  const auto stub = gateway.NewStub();
  grpc::ClientContext context;
  const auto reader = stub->StreamChatCompletion(&context, Ask("drip"));
  gateway.script.WaitEntered(1);
  gateway.server->Shutdown(net::Clock::now() + 20s);
  EXPECT_EQ(ReadAll(*reader).size(), 100u);
  EXPECT_TRUE(reader->Finish().ok());
  v1::ChatCompletion reply;
  EXPECT_EQ(CallUnary(gateway, Ask("echo"), &reply).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(RpcShutdown, CancelsWhatIsLeftAtTheDeadline) {
  for (const char* model : {"wait", "flood"}) {
    FakeGateway gateway;
    const auto stub = gateway.NewStub();
    grpc::ClientContext context;
    const auto reader = stub->StreamChatCompletion(&context, Ask(model));
    gateway.script.WaitEntered(1);
    const auto start = net::Clock::now();
    gateway.server->Shutdown(start + 300ms);
    EXPECT_LT(net::Clock::now() - start, test::kPatience) << model;
    EXPECT_EQ(gateway.script.WaitLeft().reason, net::CancelReason::kShutdown) << model;
    EXPECT_TRUE(test::Eventually([&] { return gateway.server->active_calls(); }, 0)) << model;
    ReadAll(*reader);
    EXPECT_FALSE(reader->Finish().ok()) << model;
  }
}

}  // namespace
}  // namespace portolan::rpc
