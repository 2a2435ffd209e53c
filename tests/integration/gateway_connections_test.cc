// How long callers' connections are kept, idle ones over HTTP, old ones over gRPC; and what their bodies may
// hold.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

TEST(GatewayConnections, IdleOnesOverHttpAreKeptAsLongAsTheOperatorSays) {
  config::ServeOptions brief;
  brief.keep_alive = milliseconds(300);
  config::ServeOptions patient;
  patient.keep_alive = seconds(620);
  GatewayFixture closes(brief);
  GatewayFixture keeps(patient);
  TestClient kept(keeps.http_address());
  ASSERT_EQ(kept.Get("/healthz").status, 200);
  Clock::time_point last_call;
  int status = 0;
  const auto closed = DoneWithin(brief.keep_alive, [&] {
    auto client = std::make_unique<TestClient>(closes.http_address());
    EXPECT_EQ(client->Get("/healthz").status, 200);
    // Each call begins the time anew.
    last_call = Clock::now();
    status = client->Get("/healthz").status;
    return client;
  });
  ASSERT_EQ(status, 200);
  EXPECT_EQ(closed->ReadRaw(), "") << "the end of the connection";
  EXPECT_GE(Clock::now() - last_call, brief.keep_alive);
  EXPECT_EQ(kept.Get("/healthz").status, 200);
}

std::string LargeChat() {
  return R"({"model":"m","messages":[{"role":"user","content":")" + std::string(600'000, 'x') + "\"}]}";
}

// A call holds its body until its answer has come.
TEST(GatewayConnections, ABodyForWhichOthersLeaveNoRoomIsRefusedForAMoment) {
  constexpr char kAnswer[] =
      R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]})";
  for (const std::string path : {"/v1/chat/completions", "/v1/files"}) {
    Latch go_on;
    FakeUpstream upstream([&](const SeenRequest&) {
      return Script().Hold(go_on).Send(RespondJson(200, kAnswer).steps()[0].bytes);
    });
    config::ServeOptions options;
    options.max_held = 1'000'000;
    GatewayFixture gateway(options);
    const Headers to = {{"x-portolan-custom-host", upstream.url()}};
    TestClient first(gateway.http_address());
    ASSERT_TRUE(first.Send("POST", path, LargeChat(), to));
    ASSERT_TRUE(upstream.WaitForRequests(1));

    TestClient second(gateway.http_address());
    const TestAnswer refused = second.Post(path, LargeChat(), to);
    EXPECT_EQ(refused.status, 503) << path;
    EXPECT_EQ(refused.Header("retry-after"), "1") << path;
    EXPECT_THAT(refused.body, HasSubstr(R"("portolan":{"class":"gateway","code":"gateway_overloaded")"));
    EXPECT_THAT(refused.body, HasSubstr(R"("retryable":true,"retry_after_ms":1000)"));
    EXPECT_EQ(upstream.requests().size(), 1u);

    go_on.Release();
    EXPECT_EQ(first.ReadAnswer().status, 200);
    // What the first held is given back as soon as its answer has left.
    EXPECT_TRUE(Eventually(
        [&] { return TestClient(gateway.http_address()).Post(path, LargeChat(), to).status; }, 200));
    const TestAnswer never =
        TestClient(gateway.http_address()).Post(path, std::string(1'100'000, ' ') + LargeChat(), to);
    EXPECT_EQ(never.status, 413) << path;
    EXPECT_THAT(never.body, HasSubstr("1000000 bytes"));
  }
}

v1::ChatCompletionRequest Request(const std::string& model) {
  v1::ChatCompletionRequest request;
  request.set_model(model);
  v1::Message* const message = request.add_messages();
  message->set_role("user");
  message->mutable_content()->set_text("hi");
  return request;
}

void AllowTime(grpc::ClientContext* context) {
  context->set_deadline(std::chrono::system_clock::now() + seconds(30));
}

grpc::Status Ask(v1::ChatService::Stub& stub) {
  grpc::ClientContext context;
  AllowTime(&context);
  v1::ChatCompletion answer;
  return stub.CreateChatCompletion(&context, Request("echo/echo"), &answer);
}

// Until the channel has no connection, as when it was told to make a new one; false after 20 seconds.
bool AwaitGoAway(grpc::Channel& channel) {
  const auto until = std::chrono::system_clock::now() + seconds(20);
  grpc_connectivity_state state = channel.GetState(false);
  while (state == GRPC_CHANNEL_READY) {
    if (!channel.WaitForStateChange(state, until)) return false;
    state = channel.GetState(false);
  }
  return true;
}

constexpr char kPiece[] = R"({"id":"c","choices":[{"index":0,"delta":{"content":"word "}}]})";
constexpr char kLast[] = R"({"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";

// A stream that says one word, waits for `go`, and says another.
Script HeldStream(const Latch& go) {
  const std::string piece = std::string("data: ") + kPiece + "\n\n";
  return Script()
      .Send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" + piece)
      .Hold(go)
      .Send(piece + "data: " + kLast + "\n\ndata: [DONE]\n\n");
}

struct GrpcStream {
  GrpcStream(v1::ChatService::Stub& stub, const FakeUpstream& upstream) {
    AllowTime(&context);
    context.AddMetadata("x-portolan-provider", "openai");
    context.AddMetadata("x-portolan-custom-host", upstream.url() + "/v1");
    reader = stub.StreamChatCompletion(&context, Request("m"));
  }
  // The words of all chunks that are left.
  std::string ReadAll() {
    std::string words;
    for (v1::ChatCompletionChunk chunk; reader->Read(&chunk);) {
      for (const auto& choice : chunk.choices()) words += choice.delta().content();
    }
    return words;
  }
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReader<v1::ChatCompletionChunk>> reader;
};

class GrpcConnectionAge : public ::testing::Test {
 protected:
  static config::ServeOptions Aging(milliseconds grace) {
    config::ServeOptions options;
    options.grpc_max_connection_age = milliseconds(500);
    options.grpc_max_connection_age_grace = grace;
    return options;
  }
  Latch go_;
  FakeUpstream upstream_{[this](const SeenRequest&) { return HeldStream(go_); }};
};

TEST_F(GrpcConnectionAge, CallsGoOnOverNewConnectionsAndStreamsFinish) {
  GatewayFixture gateway(Aging(seconds(20)));
  const auto channel = grpc::CreateChannel(gateway.grpc_address(), grpc::InsecureChannelCredentials());
  const auto stub = v1::ChatService::NewStub(channel);
  GrpcStream stream(*stub, upstream_);
  v1::ChatCompletionChunk first;
  ASSERT_TRUE(stream.reader->Read(&first));
  // Several times over, with calls all the while.
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Ask(*stub).ok());
    ASSERT_TRUE(AwaitGoAway(*channel)) << "the connection has grown old";
    const grpc::Status status = Ask(*stub);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  // It has been under way for three ages, on a connection that takes no more calls.
  go_.Release();
  EXPECT_EQ(stream.ReadAll(), "word ");
  EXPECT_TRUE(stream.reader->Finish().ok());
}

TEST_F(GrpcConnectionAge, BusyConnectionsLoseNoCall) {
  GatewayFixture gateway(Aging(seconds(20)));
  const auto channel = grpc::CreateChannel(gateway.grpc_address(), grpc::InsecureChannelCredentials());
  const auto stub = v1::ChatService::NewStub(channel);
  int calls = 0;
  for (const Clock::time_point until = Clock::now() + seconds(2); calls < 10 || Clock::now() < until;
       ++calls) {
    const grpc::Status status = Ask(*stub);
    ASSERT_TRUE(status.ok()) << "call " << calls << ": " << status.error_message();
  }
}

TEST_F(GrpcConnectionAge, WhatOutlastsTheGraceIsBrokenOff) {
  // Long enough for the first word to come.
  GatewayFixture gateway(Aging(milliseconds(1500)));
  const auto channel = grpc::CreateChannel(gateway.grpc_address(), grpc::InsecureChannelCredentials());
  const auto stub = v1::ChatService::NewStub(channel);
  GrpcStream stream(*stub, upstream_);
  // `go_` is never released: the stream ends by the connection's end, and the upstream is told.
  EXPECT_EQ(stream.ReadAll(), "word ");
  EXPECT_EQ(stream.reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(upstream_.WaitForClientToLeave(1));
  // On a busy machine a call may outlast its connection as well.
  EXPECT_TRUE(Eventually([&] { return Ask(*stub).ok(); }));
}

}  // namespace
}  // namespace portolan::test
