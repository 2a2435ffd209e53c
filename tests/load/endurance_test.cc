// What a gateway meets in a long life: no descriptors left, and callers that come, break off and come again.

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "tests/load/process.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::load {
namespace {

using std::chrono::seconds;
using test::TestClient;

constexpr char kPath[] = "/v1/chat/completions";
constexpr char kUnary[] = R"({"model":"echo/echo","messages":[{"role":"user","content":"hi"}]})";
constexpr char kSlowStream[] =
    R"({"model":"echo/echo-slow-200","stream":true,"messages":[{"role":"user","content":"a b c d"}]})";

TEST(Endurance, WithoutDescriptorsAcceptingPausesAndNothingElse) {
  test::FakeUpstream upstream([](const test::SeenRequest&) {
    return test::RespondJson(200, R"({"id":"x","object":"chat.completion","choices":[]})");
  });
  const test::Headers to_upstream = {{"x-portolan-provider", "openai"},
                                     {"authorization", "Bearer k"},
                                     {"x-portolan-custom-host", upstream.url() + "/v1"}};
  Process gateway(Binary());
  constexpr size_t kDescriptors = 96;
  // However slow the machine: nobody is sent away.
  gateway.Start({"--threads", "1", "--keep-alive", "30m"}, {.max_files = kDescriptors, .environment = {}});
  ASSERT_TRUE(gateway.WaitUntilReady());

  TestClient streaming(gateway.http());
  ASSERT_TRUE(streaming.Send("POST", kPath, kSlowStream));
  TestClient calling(gateway.http());
  ASSERT_EQ(calling.Post(kPath, kUnary).status, 200);

  // More than there are descriptors for; what is not accepted waits in the kernel's queue.
  std::vector<std::unique_ptr<TestClient>> crowd;
  for (int i = 0; i < 200; ++i) {
    crowd.push_back(std::make_unique<TestClient>(gateway.http()));
    ASSERT_TRUE(crowd.back()->Send("GET", "/healthz", ""));
  }
  // All are taken, and remain so: what the gateway opens for a moment counts too, and leaves one free.
  ASSERT_TRUE(test::Eventually([&] {
    const size_t before = gateway.OpenDescriptors(kDescriptors);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return before == kDescriptors && gateway.OpenDescriptors(kDescriptors) == kDescriptors;
  }));

  // A connected caller is served, unless the call needs a descriptor: then it is told.
  EXPECT_EQ(calling.Post(kPath, kUnary).status, 200);
  const test::TestAnswer refused = calling.Post(kPath, kUnary, to_upstream);
  EXPECT_EQ(refused.status, 502) << refused.body;
  EXPECT_NE(refused.body.find("upstream_connect"), std::string::npos) << refused.body;
  const test::TestAnswer streamed = streaming.ReadAnswer();
  EXPECT_TRUE(streamed.complete);
  EXPECT_NE(streamed.body.find("[DONE]"), std::string::npos);

  crowd.clear();
  EXPECT_TRUE(test::Eventually([&] {
    TestClient client(gateway.http());
    return client.Post(kPath, kUnary, to_upstream).status == 200;
  }));
  // It pauses, rather than trying again and again.
  EXPECT_LT(gateway.Stderr().size(), size_t{64} << 10);
}

// Calls of every kind, many of them broken off, as long as `stop` is not set.
class Churn {
 public:
  explicit Churn(const Process& gateway) : gateway_(gateway) {
    for (int i = 0; i < 4; ++i) threads_.emplace_back([this] { ByRest(); });
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { ByGrpc(); });
  }
  ~Churn() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  size_t calls() const { return calls_; }
  size_t failures() const { return failures_; }

 private:
  void Count(bool good) {
    ++calls_;
    if (!good) ++failures_;
  }

  void ByRest() {
    constexpr char kStream[] =
        R"({"model":"echo/echo-slow-1","stream":true,"messages":[{"role":"user","content":"a b c d e f"}]})";
    for (int i = 0; !stop_; ++i) {
      TestClient client(gateway_.http());
      Count(client.Post(kPath, kUnary).status == 200);
      Count(client.Post(kPath, kStream).complete);
      Count(client.Post(kPath, "{\"model\":").status == 400);
      // Gone in mid-request, in mid-stream, and with a reset.
      if (i % 3 == 0) client.SendRaw("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Le");
      if (i % 3 == 1) client.Send("POST", kPath, kStream);
      if (i % 3 == 2) client.Close(true);
    }
  }

  void ByGrpc() {
    v1::ChatCompletionRequest request;
    request.set_model("echo/echo-slow-1");
    auto* message = request.add_messages();
    message->set_role("user");
    message->mutable_content()->set_text("a b c d e f");
    while (!stop_) {
      grpc::ChannelArguments own;
      own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
      const auto stub = v1::ChatService::NewStub(
          grpc::CreateCustomChannel(gateway_.grpc(), grpc::InsecureChannelCredentials(), own));
      for (int i = 0; i < 20 && !stop_; ++i) {
        grpc::ClientContext unary;
        v1::ChatCompletion answer;
        Count(stub->CreateChatCompletion(&unary, request, &answer).ok());
        grpc::ClientContext streaming;
        const auto stream = stub->StreamChatCompletion(&streaming, request);
        v1::ChatCompletionChunk chunk;
        bool first = stream->Read(&chunk);
        if (i % 2 == 0) streaming.TryCancel();
        while (stream->Read(&chunk)) {
        }
        Count(first && (i % 2 == 0 || stream->Finish().ok()));
      }
    }
  }

  const Process& gateway_;
  std::atomic<bool> stop_{false};
  std::atomic<size_t> calls_{0};
  std::atomic<size_t> failures_{0};
  std::vector<std::thread> threads_;
};

TEST(Endurance, ChurnTakesNoMemory) {
  const char* const soak = std::getenv("PORTOLAN_SOAK_SECONDS");
  const seconds length(soak == nullptr ? 20 : std::atoi(soak));
  Process gateway(Binary());
  gateway.Start({"--threads", "2"});
  ASSERT_TRUE(gateway.WaitUntilReady());
  Churn churn(gateway);
  // Pools, caches and the allocator's heaps have found their size by then.
  std::this_thread::sleep_for(length / 4);
  const size_t warm = gateway.ResidentBytes();
  const size_t warm_calls = churn.calls();
  std::this_thread::sleep_for(length - length / 4);
  const size_t end = gateway.ResidentBytes();
  const double grown = static_cast<double>(end) - static_cast<double>(warm);
  std::printf("%zu calls, %.1f MB; in the last three quarters %+.2f MB\n", churn.calls(),
              static_cast<double>(end) / (1 << 20), grown / (1 << 20));
  EXPECT_EQ(churn.failures(), 0u);
  // A leak of a hundred bytes a call shows within seconds, one of five bytes within the hour.
  const double leaked = 100.0 * static_cast<double>(churn.calls() - warm_calls);
  EXPECT_LT(grown, (2 << 20) + std::min(leaked, double{1 << 20}));
}

}  // namespace
}  // namespace portolan::load
