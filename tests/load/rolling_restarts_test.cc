// Two gateways are restarted in turn under load, with streams open, by REST and gRPC, while callers follow
// /readyz: no call fails. And a control: without the delay between "not ready" and "not accepting", calls do
// fail.

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "tests/load/process.h"
#include "tests/support/eventually.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::load {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kPollPeriod{10};
constexpr char kUnary[] = R"({"model":"echo/echo-slow-5","messages":[{"role":"user","content":"hi"}]})";
constexpr char kStream[] =
    R"({"model":"echo/echo-slow-20","stream":true,"messages":[{"role":"user","content":"a b c d e f g h"}]})";

// What callers know of the two gateways, as a balancer with a health check does.
struct Fleet {
  std::array<std::unique_ptr<Process>, 2> gateways;
  std::array<std::atomic<bool>, 2> ready{};
  std::atomic<bool> stopping{false};
  std::atomic<int> good{0};
  std::atomic<int> failed{0};
  std::mutex mutex;
  std::string first_failure;  // guarded by mutex

  Fleet() {
    for (auto& gateway : gateways) gateway = std::make_unique<Process>(Binary());
  }

  void Count(bool well, const std::string& what) {
    ++(well ? good : failed);
    const std::lock_guard lock(mutex);
    if (!well && first_failure.empty()) first_failure = what;
  }

  // A gateway that is ready, as far as known; waits for one.
  size_t Choose(size_t start) const {
    for (size_t i = start;; ++i) {
      if (ready[i % 2] || stopping) return i % 2;
      if (i % 2 == 1) std::this_thread::sleep_for(milliseconds(1));
    }
  }

  void Watch() {
    while (!stopping) {
      for (size_t i = 0; i < 2; ++i) ready[i] = gateways[i]->Ready();
      std::this_thread::sleep_for(kPollPeriod);
    }
  }
};

// Keeps its connection as long as the gateway does.
void CallByRest(Fleet& fleet, size_t number, bool stream) {
  std::unique_ptr<test::TestClient> client;
  size_t at = 0;
  for (size_t i = number; !fleet.stopping; ++i) {
    if (client == nullptr || !fleet.ready[at]) {
      at = fleet.Choose(i);
      client = std::make_unique<test::TestClient>(fleet.gateways[at]->http());
    }
    const test::TestAnswer answer = client->Post("/v1/chat/completions", stream ? kStream : kUnary);
    const bool whole = answer.complete && (!stream || answer.body.ends_with("data: [DONE]\n\n"));
    fleet.Count(answer.status == 200 && whole, std::string(stream ? "REST stream" : "REST") + ": " +
                                                   std::to_string(answer.status) + " " + answer.body);
    if (answer.status != 200 || answer.Header("connection") == "close") client.reset();
    // The head of a stream left before the gateway knew that it was to end: then it closes behind it.
    if (stream) client.reset();
  }
}

void CallByRpc(Fleet& fleet, size_t number, bool stream) {
  std::array<std::unique_ptr<v1::ChatService::Stub>, 2> stubs;
  for (size_t i = 0; i < 2; ++i) {
    stubs[i] = v1::ChatService::NewStub(
        grpc::CreateChannel(fleet.gateways[i]->grpc(), grpc::InsecureChannelCredentials()));
  }
  for (size_t i = number; !fleet.stopping; ++i) {
    v1::ChatService::Stub& stub = *stubs[fleet.Choose(i)];
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
    v1::ChatCompletionRequest request;
    request.set_model(stream ? "echo/echo-slow-20" : "echo/echo-slow-5");
    v1::Message& message = *request.add_messages();
    message.set_role("user");
    message.mutable_content()->set_text("a b c d e f g h");
    grpc::Status status;
    if (stream) {
      const auto reader = stub.StreamChatCompletion(&context, request);
      v1::ChatCompletionChunk chunk;
      while (reader->Read(&chunk)) {
      }
      status = reader->Finish();
    } else {
      v1::ChatCompletion answer;
      status = stub.CreateChatCompletion(&context, request, &answer);
    }
    fleet.Count(status.ok(), std::string(stream ? "gRPC stream: " : "gRPC: ") + status.error_message());
  }
}

// Restarts the gateways in turn `restarts` times under load, or until `enough` says so.
void Roll(
    Fleet& fleet, int restarts, const std::string& drain_delay,
    const std::function<bool()>& enough = [] { return false; }) {
  const std::vector<std::string> flags = {"--drain-delay", drain_delay, "--threads", "1",
                                          "--log-level",   "error"};
  for (const auto& gateway : fleet.gateways) {
    gateway->Start(flags);
    ASSERT_TRUE(gateway->WaitUntilReady()) << gateway->Stderr();
  }
  std::vector<std::thread> threads;
  threads.emplace_back([&] { fleet.Watch(); });
  for (size_t i = 0; i < 4; ++i) {
    for (const bool stream : {false, true}) {
      threads.emplace_back([&, i, stream] { CallByRest(fleet, i, stream); });
      if (i < 2) threads.emplace_back([&, i, stream] { CallByRpc(fleet, i, stream); });
    }
  }
  for (int i = 0; i < restarts && !enough(); ++i) {
    Process& gateway = *fleet.gateways[static_cast<size_t>(i) % 2];
    // Both ways to end one.
    gateway.Signal(i % 4 < 2 ? SIGTERM : SIGINT);
    EXPECT_EQ(gateway.Wait(60), 0) << gateway.Stderr();
    gateway.Start(flags);
    EXPECT_TRUE(gateway.WaitUntilReady()) << gateway.Stderr();
    // Callers have noticed before the other one goes.
    EXPECT_TRUE(test::Eventually([&] { return fleet.ready[static_cast<size_t>(i) % 2].load(); }));
  }
  fleet.stopping = true;
  for (std::thread& thread : threads) thread.join();
}

TEST(RollingRestarts, LoseNoCall) {
  signal(SIGPIPE, SIG_IGN);
  Fleet fleet;
  Roll(fleet, 20, "500ms");
  std::printf("20 restarts: %d calls, %d failed\n", fleet.good + fleet.failed, fleet.failed.load());
  EXPECT_EQ(fleet.failed, 0) << fleet.first_failure;
  EXPECT_GT(fleet.good, 1000);
}

// What the delay is for: it shows too that this test can see a lost call.
TEST(RollingRestarts, LoseCallsWithoutTheDelay) {
  signal(SIGPIPE, SIG_IGN);
  Fleet fleet;
  // How many of them meet a call is chance.
  Roll(fleet, 100, "0s", [&] { return fleet.failed > 0; });
  std::printf("without the delay: %d calls, %d failed\n", fleet.good + fleet.failed, fleet.failed.load());
  EXPECT_GT(fleet.failed, 0);
}

TEST(PortInUse, IsOneClearLine) {
  Process first(Binary());
  first.Start({});
  ASSERT_TRUE(first.WaitUntilReady());
  for (const auto& [flag, address] : {std::pair("--http", first.http()), std::pair("--grpc", first.grpc())}) {
    Process second(Binary());
    second.Start({flag, address});
    EXPECT_EQ(second.Wait(30), 1);
    EXPECT_EQ(second.Stderr(), "portolan: " + std::string(flag) + ": " + address + " is in use\n");
  }
}

}  // namespace
}  // namespace portolan::load
