// How the whole gateway ends: what is under way is finished, nothing else is begun.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "tests/support/eventually.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr char kBody[] = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";
constexpr char kStreamBody[] = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})";
constexpr char kAnswer[] =
    R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]})";
const std::string kEvent =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":null}]}\n\n";
const Headers kEventStream = {{"Content-Type", "text/event-stream"}, {"Transfer-Encoding", "chunked"}};

Headers To(const std::string& url) { return {{"x-portolan-custom-host", url}}; }

TEST(GatewayDrain, LetsCallsUnderWayFinish) {
  Latch go;
  const FakeUpstream upstream([&](const SeenRequest& request) {
    if (request.body == kBody)
      return Script().Hold(go).Send(Head(200, {{"Content-Type", "application/json"},
                                               {"Content-Length", std::to_string(sizeof(kAnswer) - 1)}}) +
                                    kAnswer);
    return Script()
        .Send(Head(200, kEventStream) + Chunk(kEvent))
        .Hold(go)
        .Send(Chunk("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n") +
              Chunk("data: [DONE]\n\n") + Chunk(""));
  });
  config::ServeOptions options;
  options.grace = std::chrono::seconds(60);
  // Long enough for what is looked at while it lasts.
  options.drain_delay = milliseconds(4000);
  GatewayFixture gateway(options);
  TestClient unary(gateway.http_address());
  TestClient stream(gateway.http_address());
  TestClient idle(gateway.http_address());
  ASSERT_EQ(idle.Get("/readyz").status, 200);
  unary.Send("POST", "/v1/chat/completions", kBody, To(upstream.url()));
  stream.Send("POST", "/v1/chat/completions", kStreamBody, To(upstream.url()));
  ASSERT_TRUE(upstream.WaitForRequests(2));
  const TestAnswer streaming = stream.ReadHead();
  EXPECT_EQ(streaming.status, 200);
  EXPECT_EQ(streaming.Header("connection"), "") << "nothing is ending yet";

  std::thread drain([&] { gateway.gateway().Drain(); });
  const auto readiness = [&] { return TestClient(gateway.http_address()).Get("/readyz").status; };
  EXPECT_TRUE(Eventually(readiness, 503));
  EXPECT_EQ(TestClient(gateway.admin_address()).Get("/readyz").status, 503);
  const auto health = [&] {
    const TestAnswer answer = TestClient(gateway.http_address()).Get("/healthz");
    return std::pair(answer.status, answer.Header("connection"));
  };
  EXPECT_TRUE(Eventually(health, Pair(200, "close")));
  EXPECT_EQ(idle.ReadRaw(), "") << "an idle connection is closed";
  go.Release();
  const TestAnswer finished = unary.ReadAnswer();
  EXPECT_EQ(finished.body, kAnswer);
  EXPECT_EQ(finished.Header("connection"), "close");
  std::string streamed;
  for (std::string part; !(part = stream.ReadRaw()).empty();) streamed += part;
  EXPECT_TRUE(streamed.ends_with("data: [DONE]\n\n\r\n0\r\n\r\n")) << streamed;
  // This caller was told to close. The stream's was not: its connection is closed for it.
  unary.Close();
  const auto before = TestClock::now();
  drain.join();
  EXPECT_LT(TestClock::now() - before, std::chrono::seconds(20)) << "nothing was under way any more";
  EXPECT_EQ(TestClient(gateway.http_address()).Get("/healthz").status, 0) << "nobody listens any more";
}

TEST(GatewayDrain, BreaksOffWhatOutlastsTheGracePeriod) {
  const FakeUpstream upstream([&](const SeenRequest& request) {
    if (request.body == kBody) return Script().Stall();
    return Script().Send(Head(200, kEventStream) + Chunk(kEvent)).Stall();
  });
  config::ServeOptions options;
  options.grace = milliseconds(100);
  GatewayFixture gateway(options);
  TestClient unary(gateway.http_address());
  TestClient stream(gateway.http_address());
  unary.Send("POST", "/v1/chat/completions", kBody, To(upstream.url()));
  stream.Send("POST", "/v1/chat/completions", kStreamBody, To(upstream.url()));
  ASSERT_TRUE(upstream.WaitForRequests(2));
  ASSERT_EQ(stream.ReadHead().status, 200);
  gateway.gateway().Drain();
  const TestAnswer refused = unary.ReadAnswer();
  EXPECT_EQ(refused.status, 503) << refused.body;
  EXPECT_TRUE(refused.complete);
  EXPECT_THAT(refused.body, HasSubstr("\"class\":\"gateway\",\"code\":\"shutting_down\""));
  std::string rest;
  for (std::string part; !(part = stream.ReadRaw()).empty();) rest += part;
  EXPECT_THAT(rest, HasSubstr("shutting_down"));
  EXPECT_EQ(rest.find("[DONE]"), std::string::npos);
}

}  // namespace
}  // namespace portolan::test
