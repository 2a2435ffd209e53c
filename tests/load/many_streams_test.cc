// 9,000 streams at a time: each complete and in order, and what each of them costs in memory.

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "tests/load/process.h"
#include "tests/load/swarm.h"

namespace portolan::load {
namespace {

// On a machine that is slow and busy; here it takes a few.
constexpr int kSeconds = 300;
constexpr size_t kStreams = 9000;
constexpr size_t kIdle = 9000;
constexpr double kMaxStreamBytes = 30 << 10;
constexpr int kSteps = 5;

std::string Request(const std::string& model, const std::string& content, const std::string& headers) {
  const std::string body = R"({"model":")" + model +
                           R"(","stream":true,"messages":[{"role":"user","content":")" + content + "\"}]}";
  return "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n" + headers +
         "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// The memory that streams took, once there are `kStreams`.
double BytesEach(const Process& gateway, size_t before) {
  return (static_cast<double>(gateway.ResidentBytes()) - static_cast<double>(before)) / kStreams;
}

TEST(ManyStreams, ThroughAnUpstream) {
  SteppingUpstream upstream;
  Process gateway(Binary());
  gateway.Start({"--threads", "2"});
  ASSERT_TRUE(gateway.WaitUntilReady());
  const size_t before = gateway.ResidentBytes();

  const std::string headers =
      "x-portolan-provider: openai\r\nauthorization: Bearer k\r\nx-portolan-custom-host: " + upstream.url() +
      "\r\n";
  Swarm swarm(gateway.http());
  for (size_t i = 0; i < kStreams; ++i) {
    const std::string caller = "caller" + std::to_string(i);
    swarm.Add({Request("m", caller, headers), SteppingUpstream::TextOf(caller, kSteps)});
  }
  ASSERT_TRUE(swarm.Run([&] { return swarm.started() == kStreams; }, kSeconds))
      << swarm.started() << " have begun; " << swarm.failure();
  const double each = BytesEach(gateway, before);
  std::printf("%zu streams through an upstream: %.1f KB each\n", kStreams, each / 1024);
  EXPECT_LT(each, kMaxStreamBytes);

  for (int i = 1; i < kSteps; ++i) upstream.Step();
  upstream.Finish();
  EXPECT_TRUE(swarm.Run([&] { return swarm.finished() == kStreams; }, kSeconds))
      << swarm.finished() << " have finished; " << swarm.failure();
}

TEST(ManyStreams, OfTheBuiltInUpstreamBesideIdleConnections) {
  Process gateway(Binary());
  gateway.Start({"--threads", "2"});
  ASSERT_TRUE(gateway.WaitUntilReady());
  const size_t before = gateway.ResidentBytes();

  Swarm swarm(gateway.http());
  swarm.AddIdle(kIdle);
  ASSERT_TRUE(swarm.Run([&] { return swarm.idle() == kIdle; }, kSeconds)) << swarm.failure();
  const size_t idle = gateway.ResidentBytes();
  std::printf("%zu idle connections: %.1f KB each\n", kIdle,
              static_cast<double>(idle - before) / 1024 / kIdle);
  for (size_t i = 0; i < kStreams; ++i) {
    const std::string text = "caller" + std::to_string(i) + " says so";
    swarm.Add({Request("echo/echo-slow-1500", text, ""), text});
  }
  ASSERT_TRUE(swarm.Run([&] { return swarm.started() == kStreams; }, kSeconds))
      << swarm.started() << " have begun; " << swarm.failure();
  std::printf("%zu streams of the built-in upstream: %.1f KB each\n", kStreams,
              BytesEach(gateway, idle) / 1024);
  EXPECT_LT(BytesEach(gateway, idle), kMaxStreamBytes);
  EXPECT_TRUE(swarm.Run([&] { return swarm.finished() == kStreams; }, kSeconds))
      << swarm.finished() << " have finished; " << swarm.failure();
}

}  // namespace
}  // namespace portolan::load
