// A config file is replaced 50 times, as Kubernetes swaps a mounted ConfigMap, while 2,000 calls a second
// come and 200 streams are open: no call fails, no connection is reset, no stream loses a word.

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/load/process.h"
#include "tests/load/swarm.h"
#include "tests/support/eventually.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::load {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kReloads = 50;
constexpr int kStreams = 200;
constexpr int kCallsPerSecond = 2000;
constexpr int kCallers = 8;

// A mounted ConfigMap: `portolan.yaml` is a link into `..data`, which is a link to a folder of the day.
class MountedConfig {
 public:
  MountedConfig() { std::filesystem::create_symlink("..data/portolan.yaml", path()); }
  std::string path() const { return folder_.path() + "/portolan.yaml"; }

  void Swap(const std::string& text) {
    const std::string day = "..day" + std::to_string(++days_);
    std::filesystem::create_directory(folder_.path() + "/" + day);
    std::ofstream(folder_.path() + "/" + day + "/portolan.yaml") << text;
    std::filesystem::create_symlink(day, folder_.path() + "/..new");
    std::filesystem::rename(folder_.path() + "/..new", folder_.path() + "/..data");
  }

 private:
  const test::TempFolder folder_;
  int days_ = 0;
};

std::string ConfigText(const std::string& upstream, int number) {
  return "providers:\n  steps: {base_url: \"" + upstream + "\"}\nroutes:\n  now:\n    provider: echo\n" +
         "    override_params: {model: echo, user: \"" + std::to_string(number) + "\"}\n";
}

class Calls {
 public:
  explicit Calls(std::string address) {
    for (int i = 0; i < kCallers; ++i) threads_.emplace_back([this, address] { Run(address); });
  }
  ~Calls() { Stop(); }
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  void Stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  int good() const { return good_; }
  std::string failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

 private:
  void Run(const std::string& address) {
    // One connection for all: a reset would show.
    test::TestClient client(address);
    constexpr auto kPeriod = std::chrono::microseconds(1'000'000 * kCallers / kCallsPerSecond);
    for (auto next = Clock::now(); !stopping_; next += kPeriod) {
      std::this_thread::sleep_until(next);
      const test::TestAnswer answer =
          client.Post("/v1/chat/completions", R"({"model":"x","messages":[{"role":"user","content":"hi"}]})",
                      {{"x-portolan-config", "now"}});
      if (answer.status == 200 && answer.complete) {
        ++good_;
        continue;
      }
      const std::lock_guard lock(mutex_);
      if (failure_.empty()) failure_ = std::to_string(answer.status) + " " + answer.body;
      return;
    }
  }

  std::atomic<bool> stopping_{false};
  std::atomic<int> good_{0};
  mutable std::mutex mutex_;
  std::string failure_;  // guarded by mutex_
  std::vector<std::thread> threads_;
};

int Generation(const Process& gateway) {
  const std::string body = test::TestClient(gateway.admin()).Get("/config").body;
  constexpr std::string_view kMember = "\"generation\":";
  const size_t at = body.find(kMember);
  return at == std::string::npos ? -1 : std::atoi(body.c_str() + at + kMember.size());
}

TEST(Reload, LosesNoCallAndNoStream) {
  signal(SIGPIPE, SIG_IGN);
  SteppingUpstream upstream;
  MountedConfig config;
  config.Swap(ConfigText(upstream.url(), 0));
  Process gateway(Binary());
  gateway.Start({"--config", config.path(), "--log-level", "error"});
  ASSERT_TRUE(gateway.WaitUntilReady()) << gateway.Stderr();

  Swarm swarm(gateway.http());
  constexpr int kSteps = kReloads + 1;
  for (int i = 0; i < kStreams; ++i) {
    const std::string caller = "caller-" + std::to_string(i);
    const std::string body =
        R"({"model":"steps/m","stream":true,"messages":[{"role":"user","content":")" + caller + "\"}]}";
    swarm.Add(
        {"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
         "content-length: " +
             std::to_string(body.size()) + "\r\n\r\n" + body,
         SteppingUpstream::TextOf(caller, kSteps)});
  }
  ASSERT_TRUE(swarm.Run([&] { return swarm.started() == kStreams; }, 20)) << swarm.failure();

  const auto begun = Clock::now();
  Calls calls(gateway.http());
  for (int i = 1; i <= kReloads; ++i) {
    config.Swap(ConfigText(upstream.url(), i));
    // By a signal; the last one is found by looking.
    if (i < kReloads) gateway.Signal(SIGHUP);
    ASSERT_TRUE(test::Eventually([&] { return Generation(gateway); }, testing::Gt(i))) << gateway.Stderr();
    upstream.Step();
    swarm.Run([] { return true; }, 1);
  }
  calls.Stop();
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  std::printf("%d reloads: %d calls, %.0f a second, %d streams\n", kReloads, calls.good(),
              calls.good() / seconds, kStreams);
  EXPECT_EQ(calls.failure(), "");
  EXPECT_GT(calls.good(), kCallsPerSecond / 2);

  upstream.Finish();
  EXPECT_TRUE(swarm.Run([&] { return swarm.finished() == kStreams; }, 20)) << swarm.failure();
  EXPECT_EQ(swarm.failure(), "");
}

}  // namespace
}  // namespace portolan::load
