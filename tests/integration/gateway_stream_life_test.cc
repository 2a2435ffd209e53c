// What keeps a stream's connection alive while there is nothing to say, and what is asked upstream so that
// its tokens are counted.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/support/route_caller.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kBody[] = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})";
const std::string kContent = OpenAiDelta(R"({"content":"Hi"})");
constexpr char kBeat[] = ": waiting for the provider\n\n";

config::ServeOptions Beating(int ms) {
  config::ServeOptions options;
  options.heartbeat = std::chrono::milliseconds(ms);
  return options;
}

// Reads until `what` has come `times` times.
std::string ReadUntil(TestClient& client, const std::string& what, int times) {
  std::string all;
  while (true) {
    int count = 0;
    for (size_t at = all.find(what); at != std::string::npos; at = all.find(what, at + 1)) ++count;
    if (count >= times) return all;
    const std::string more = client.ReadRaw();
    if (more.empty()) return all;
    all += more;
  }
}

TEST(GatewayHeartbeat, ShowsThatASilentStreamLives) {
  for (const std::string& before : {std::string(), kContent}) {
    Latch go;
    FakeUpstream upstream([&](const SeenRequest&) {
      // At once, so that no beat comes between.
      return Script()
          .Send(StreamHead() + (before.empty() ? "" : Chunk(before)))
          .Hold(go)
          .Send(Chunk(kContent + OpenAiFinish()) + Chunk(""));
    });
    GatewayFixture gateway(Beating(20));
    TestClient client(gateway.http_address());
    client.Send("POST", "/v1/chat/completions", kBody,
                {{"x-portolan-custom-host", upstream.url()}, {"x-portolan-provider", "openai"}});
    const TestAnswer head = client.ReadHead();
    EXPECT_EQ(head.status, 200);
    // Before there is anything, another word says the same.
    const std::string beats = ReadUntil(client, kBeat, 3);
    EXPECT_THAT(beats, HasSubstr(before.empty() ? ": the provider has not begun to answer\n\n" : before));
    go.Release();
    EXPECT_THAT(ReadUntil(client, "[DONE]", 1), HasSubstr("[DONE]"));
  }
}

TEST(GatewayHeartbeat, IdleTimeRunsOnThroughBeats) {
  config::ServeOptions options = Beating(10);
  options.idle_timeout = std::chrono::milliseconds(150);
  FakeUpstream upstream(
      [&](const SeenRequest&) { return Script().Send(StreamHead() + Chunk(kContent)).Stall(); });
  GatewayFixture gateway(options);
  TestClient client(gateway.http_address());
  const TestAnswer answer =
      client.Post("/v1/chat/completions", kBody,
                  {{"x-portolan-custom-host", upstream.url()}, {"x-portolan-provider", "openai"}});
  EXPECT_THAT(answer.body, HasSubstr(kBeat));
  EXPECT_THAT(answer.body, HasSubstr("upstream_idle_timeout"));
}

TEST(GatewayHeartbeat, NeverCommitsACallThatMayFallBack) {
  Latch go;
  FakeUpstream first([&](const SeenRequest&) {
    return Script().Send(StreamHead() + Chunk(OpenAiDelta(R"({"role":"assistant"})"))).Hold(go).Reset();
  });
  FakeUpstream second([&](const SeenRequest& request) { return Answering(request, "second"); });
  GatewayFixture gateway(Beating(5));
  TestClient client(gateway.http_address());
  client.Send("POST", "/v1/chat/completions", kBody,
              {{"x-portolan-config", R"({"strategy":{"mode":"fallback"},"targets":[)" + TargetOf(first) +
                                         "," + TargetOf(second) + "]}"}});
  ASSERT_TRUE(first.WaitForRequests(1));
  const auto until = TestClock::now() + std::chrono::milliseconds(60);
  while (TestClock::now() < until) std::this_thread::yield();
  go.Release();
  const TestAnswer answer = client.ReadAnswer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("second"));
  EXPECT_THAT(answer.body, Not(StartsWith(":")));
}

TEST(GatewayHeartbeat, AnErrorBeforeTheFirstEventHasAStatus) {
  FakeUpstream upstream([&](const SeenRequest&) { return Script().Send(StreamHead()).Reset(); });
  GatewayFixture gateway;
  const TestAnswer answer =
      TestClient(gateway.http_address())
          .Post("/v1/chat/completions", kBody,
                {{"x-portolan-custom-host", upstream.url()}, {"x-portolan-provider", "openai"}});
  EXPECT_EQ(answer.status, 502);
}

TEST(GatewayHeartbeat, GrpcAndZeroHaveNone) {
  for (const Door door : {Door::kRest, Door::kGrpc}) {
    FakeUpstream upstream(
        [&](const SeenRequest&) { return Script().Send(StreamHead() + Chunk(kContent)).Stall(); });
    config::ServeOptions options = Beating(door == Door::kRest ? 0 : 5);
    options.idle_timeout = std::chrono::milliseconds(100);
    GatewayFixture gateway(options);
    RouteCall call{.door = door, .stream = true};
    call.headers = {{"x-portolan-custom-host", upstream.url()}, {"x-portolan-provider", "openai"}};
    const RouteAnswer answer = RouteCaller(gateway).Call(call);
    EXPECT_EQ(answer.text, "Hi");
    EXPECT_EQ(answer.code, "upstream_idle_timeout");
    EXPECT_THAT(answer.body, Not(HasSubstr(kBeat)));
  }
}

TEST(GatewayHeartbeat, TheProviderInsideTheGatewayShowsItTooWhileItWaits) {
  GatewayFixture gateway(Beating(10));
  const TestAnswer answer =
      TestClient(gateway.http_address())
          .Post(
              "/v1/chat/completions",
              R"({"model":"echo/echo-slow-100","stream":true,"messages":[{"role":"user","content":"hi"}]})");
  EXPECT_THAT(answer.body, HasSubstr(kBeat));
  EXPECT_THAT(answer.body, HasSubstr("[DONE]"));
}

// The stream of a server that counts, if it is asked: usage null in each chunk, then a chunk of its own.
Script Counting(const SeenRequest& request) {
  const auto body = nlohmann::json::parse(request.body, nullptr, false);
  const bool asked = body.value("/stream_options/include_usage"_json_pointer, false);
  const std::string end = OpenAiFinish();
  const size_t done = end.find("data: [DONE]");
  std::string stream = kContent + end.substr(0, done);
  if (asked) {
    stream +=
        "data: "
        "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[],\"usage\":{\"prompt_tokens\":5,"
        "\"completion_tokens\":6,\"total_tokens\":11}}\n\n";
  }
  return RespondEvents({stream + end.substr(done)});
}

class UsageOfStreams : public ::testing::Test {
 protected:
  // What was sent upstream, of a gateway with these lines in its file about a provider `lab`.
  nlohmann::json Ask(const std::string& provider, const std::string& file, const std::string& body,
                     const Headers& headers = {}) {
    FakeUpstream upstream(Counting);
    const TempFolder folder;
    const std::string path = folder.path() + "/gateway.yaml";
    std::ofstream(path) << "providers: {lab: {base_url: \"" << upstream.url() << "/v1\", " << provider
                        << "}, other: {base_url: \"" << upstream.url() << "/v1\"}}\n"
                        << file;
    GatewayFixture gateway = GatewayFixture::FromFile(path);
    Headers all = headers;
    all.push_back({"x-portolan-provider", "lab"});
    for (const auto& [name, value] : headers) {
      if (name == "x-portolan-config") all = headers;
    }
    answer_ = TestClient(gateway.http_address()).Post("/v1/chat/completions", body, all).body;
    // A call is counted once its end has been written, and its time after its tokens.
    EXPECT_TRUE(
        Eventually([&] { return metrics_ = TestClient(gateway.admin_address()).Get("/metrics").body; },
                   ContainsRegex("portolan_request_seconds_count[{][^}]*[}] 1\n")));
    return nlohmann::json::parse(upstream.requests().at(0).body);
  }
  bool Counted() const { return metrics_.find("kind=\"output\"} 6") != std::string::npos; }

  std::string answer_;
  std::string metrics_;
};

TEST_F(UsageOfStreams, IsAskedForAndKeptFromACallerWhoHasNotAsked) {
  const std::string before = R"({"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true)";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", R"({"include_usage":true})"},
      {R"(,"stream_options":null)", R"({"include_usage":true})"},
      {R"(,"stream_options":{})", R"({"include_usage":true})"},
      {R"(,"stream_options":{"include_usage":false,"include_obfuscation":false})",
       R"({"include_obfuscation":false,"include_usage":true})"},
  };
  for (const auto& [members, expected] : cases) {
    const nlohmann::json sent = Ask("stream_usage: true", "", before + members + "}");
    EXPECT_EQ(sent["stream_options"], nlohmann::json::parse(expected)) << members;
    EXPECT_THAT(answer_, Not(HasSubstr("\"usage\":{")));
    EXPECT_THAT(answer_, HasSubstr("[DONE]"));
    EXPECT_THAT(answer_, HasSubstr("Hi"));
    EXPECT_TRUE(Counted());
  }
}

TEST_F(UsageOfStreams, IsTheCallersIfItAsked) {
  const nlohmann::json sent =
      Ask("stream_usage: true", "",
          R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}})");
  EXPECT_EQ(sent["stream_options"], nlohmann::json::parse(R"({"include_usage":true})"));
  EXPECT_THAT(answer_, HasSubstr("\"usage\":{"));
  EXPECT_TRUE(Counted());
}

TEST_F(UsageOfStreams, IsNotAskedForWhereNobodySaidThatTheServerTakesIt) {
  for (const auto& [provider, file] : std::vector<std::pair<std::string, std::string>>{
           {"stream_usage: false", ""},
           {"api_key: null", ""},
           {"stream_usage: true", "usage: {streams: asked}\n"}}) {
    EXPECT_FALSE(Ask(provider, file, kBody).contains("stream_options")) << provider << file;
    EXPECT_FALSE(Counted());
  }
  // Not of a call that is not streamed.
  EXPECT_FALSE(Ask("stream_usage: true", "", R"({"model":"m","messages":[]})").contains("stream_options"));
}

TEST_F(UsageOfStreams, ParametersOfTheRouteCount) {
  const nlohmann::json sent = Ask(
      "stream_usage: true", "", kBody,
      {{"x-portolan-config",
        R"({"provider":"lab","override_params":{"stream_options":{"include_usage":true,"include_obfuscation":true}}})"}});
  EXPECT_EQ(sent["stream_options"],
            nlohmann::json::parse(R"({"include_usage":true,"include_obfuscation":true})"));
  EXPECT_THAT(answer_, HasSubstr("\"usage\":{"));
}

}  // namespace
}  // namespace portolan::test
