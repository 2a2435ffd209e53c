// A thousand streams through a middleware that takes its time: what each of them costs in memory, that this
// does not grow, and that other calls are not slowed.

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "portolan/middleware/v1/middleware.grpc.pb.h"
#include "tests/load/process.h"
#include "tests/load/swarm.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::load {
namespace {

namespace mw = middleware::v1;

constexpr int kSeconds = 300;
constexpr size_t kStreams = 1000;
constexpr int kSteps = 12;
constexpr std::chrono::milliseconds kDelay{50};
constexpr double kMaxStreamBytes = 100 << 10;

// Says of each chunk, in its order and after a while, what is to become of it: `CALLER.1 ` is `<CALLER.1 >`.
// One thing is under way at a time, and whatever ends it, an end or a caller who has left, comes there.
class SlowStream final : public grpc::ServerBidiReactor<mw::ChunkEvent, mw::ChunkVerdict> {
 public:
  SlowStream() { StartRead(&event_); }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    if (event_.event_case() == mw::ChunkEvent::kStart) return StartRead(&event_);
    alarm_.Set(std::chrono::system_clock::now() + kDelay, [this](bool) { Answer(); });
  }
  void OnWriteDone(bool ok) override {
    if (!ok || event_.event_case() == mw::ChunkEvent::kEnd) return Finish(grpc::Status::OK);
    StartRead(&event_);
  }
  void OnDone() override { delete this; }

 private:
  void Answer() {
    verdict_.Clear();
    verdict_.set_sequence(event_.sequence());
    const bool says = event_.has_chunk() && event_.chunk().choices_size() > 0 &&
                      !event_.chunk().choices(0).delta().content().empty();
    if (says) {
      auto* const chunk = verdict_.mutable_replace()->mutable_chunk();
      *chunk = event_.chunk();
      auto* const delta = chunk->mutable_choices(0)->mutable_delta();
      delta->set_content("<" + delta->content() + ">");
    } else {
      verdict_.mutable_proceed();
    }
    StartWrite(&verdict_);
  }

  mw::ChunkEvent event_;
  mw::ChunkVerdict verdict_;
  grpc::Alarm alarm_;
};

class SlowRedactor final : public mw::Middleware::CallbackService {
 public:
  SlowRedactor() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    address_ = "127.0.0.1:" + std::to_string(port);
  }
  ~SlowRedactor() override { server_->Shutdown(std::chrono::system_clock::now()); }
  const std::string& address() const { return address_; }

 private:
  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context, const mw::DescribeRequest*,
                                     mw::DescribeResponse* response) override {
    response->add_hooks(mw::HOOK_CHUNK);
    response->set_form(mw::BODY_FORM_TYPED);
    auto* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerBidiReactor<mw::ChunkEvent, mw::ChunkVerdict>* HandleStream(
      grpc::CallbackServerContext*) override {
    return new SlowStream;
  }

  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

std::string Redacted(const std::string& caller) {
  std::string all;
  for (int i = 0; i < kSteps; ++i) all += "<" + caller + "." + std::to_string(i) + " >";
  return all;
}

// The median time of calls that have no middleware.
std::chrono::microseconds OtherCalls(const Process& gateway) {
  test::TestClient client(gateway.http());
  std::vector<std::chrono::microseconds> took;
  for (int i = 0; i < 101; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const test::TestAnswer answer = client.Post(
        "/v1/chat/completions", R"({"model":"echo/echo","messages":[{"role":"user","content":"hi"}]})");
    EXPECT_EQ(answer.status, 200);
    took.push_back(
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start));
  }
  std::sort(took.begin(), took.end());
  return took[took.size() / 2];
}

TEST(SlowMiddleware, HoldsUpNobodyElse) {
  const SlowRedactor redactor;
  SteppingUpstream upstream;
  const test::TempFolder folder;
  const std::string path = folder.path() + "/gateway.yaml";
  std::ofstream(path) << "providers: {lab: {base_url: \"" << upstream.url()
                      << "/v1\", api_key: \"env:LAB_KEY\"}}\nmiddleware: {slow: {grpc: \""
                      << redactor.address() << "\", timeout: 60s}}\n"
                      << "routes: {main: {middleware: [slow], provider: lab}}\n";
  Process gateway(Binary());
  gateway.Start({"--threads", "2", "--config", path}, {.environment = {{"LAB_KEY", "k"}}});
  ASSERT_TRUE(gateway.WaitUntilReady());
  const auto alone = OtherCalls(gateway);
  const size_t before = gateway.ResidentBytes();

  Swarm swarm(gateway.http());
  for (size_t i = 0; i < kStreams; ++i) {
    const std::string caller = "caller" + std::to_string(i);
    const std::string body =
        R"({"model":"m","stream":true,"messages":[{"role":"user","content":")" + caller + "\"}]}";
    swarm.Add(
        {"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nx-portolan-config: main\r\n"
         "content-length: " +
             std::to_string(body.size()) + "\r\n\r\n" + body,
         Redacted(caller)});
  }
  ASSERT_TRUE(swarm.Run([&] { return swarm.started() == kStreams; }, kSeconds))
      << swarm.started() << " have begun; " << swarm.failure();
  const size_t begun = gateway.ResidentBytes();
  const double each = (static_cast<double>(begun) - static_cast<double>(before)) / kStreams;
  std::printf("%zu streams through a middleware: %.1f KB each\n", kStreams, each / 1024);
  EXPECT_LT(each, kMaxStreamBytes);

  // Every step comes to the middleware a thousand times.
  std::chrono::microseconds beside = std::chrono::hours(1);
  for (int i = 1; i < kSteps; ++i) {
    upstream.Step();
    beside = std::min(beside, OtherCalls(gateway));
    swarm.Run([] { return false; }, 1);
  }
  upstream.Finish();
  EXPECT_TRUE(swarm.Run([&] { return swarm.finished() == kStreams; }, kSeconds))
      << swarm.finished() << " have finished; " << swarm.failure();
  const double grown = static_cast<double>(gateway.ResidentBytes()) - static_cast<double>(begun);
  std::printf("other calls: %lld us alone, %lld us beside them; grown by %.1f KB a stream\n",
              static_cast<long long>(alone.count()), static_cast<long long>(beside.count()),
              grown / 1024 / kStreams);
  EXPECT_LT(grown / kStreams, 20 << 10);
  // Both cores are busy with the test itself; nobody waits for the middleware, which takes 50 ms.
  EXPECT_LT(beside, std::chrono::milliseconds(20));
}

}  // namespace
}  // namespace portolan::load
