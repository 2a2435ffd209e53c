// What is particular to some rows of the table of providers, through the whole gateway.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "tests/support/eventually.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

using nlohmann::json;

constexpr char kChat[] = "/v1/chat/completions";
constexpr char kBody[] = R"({"model":"org/m:1","messages":[{"role":"user","content":"hi"}]})";
constexpr char kAnswer[] =
    R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]})";

class ProviderRows : public ::testing::Test {
 protected:
  GatewayFixture Start(const std::string& providers) {
    const std::string path = folder_.path() + "/gateway.yaml";
    std::ofstream(path) << "providers:\n" << providers;
    return GatewayFixture::FromFile(path, {{"KEY", "k"}, {"PAIR", "wk-1:ws-2"}});
  }

  std::string At(const std::string& name, const std::string& key = "KEY") const {
    return "  " + name + ": {base_url: \"" + upstream_.url() + "/base\", api_key: \"env:" + key + "\"}\n";
  }

  const TempFolder folder_;
  FakeUpstream upstream_{[](const SeenRequest&) { return RespondJson(200, kAnswer); }};
};

TEST_F(ProviderRows, KeysGoWhereEachWantsThem) {
  GatewayFixture gateway = Start(At("groq") + At("bytez") + At("sarvam") + At("modal", "PAIR"));
  TestClient client(gateway.http_address());
  for (const char* const name : {"groq", "bytez", "sarvam", "modal"})
    EXPECT_EQ(client.Post(kChat, kBody, {{"x-portkey-provider", name}}).status, 200) << name;
  const auto seen = upstream_.requests();
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen[0].Header("authorization"), "Bearer k");
  EXPECT_EQ(seen[1].Header("authorization"), "Key k");
  EXPECT_EQ(seen[2].Header("api-subscription-key"), "k");
  EXPECT_EQ(seen[2].CountHeader("authorization"), 0);
  EXPECT_EQ(seen[3].Header("modal-key"), "wk-1");
  EXPECT_EQ(seen[3].Header("modal-secret"), "ws-2");
  EXPECT_EQ(seen[3].CountHeader("authorization"), 0);
}

// Of these nothing is typed: what they have is passed on, with their keys.
TEST_F(ProviderRows, WhatIsOnlyRelayed) {
  struct Case {
    const char* provider;
    const char* path;
    const char* header;
    const char* value;
  };
  const Case cases[] = {
      {"replicate", "/models/o/m/predictions", "authorization", "Bearer k"},
      {"stability-ai", "/v2beta/stable-image/generate/core", "authorization", "Bearer k"},
      {"segmind", "/flux-schnell", "x-api-key", "k"},
      {"deepgram", "/listen?model=nova-3", "authorization", "Token k"},
      {"elevenlabs", "/text-to-speech/v-1", "xi-api-key", "k"},
      {"meshy", "/v2/text-to-3d", "authorization", "Bearer k"},
      {"tripo3d", "/task", "authorization", "Bearer k"},
  };
  std::string rows;
  for (const Case& each : cases) rows += At(each.provider);
  GatewayFixture gateway = Start(rows);
  TestClient client(gateway.http_address());
  for (const Case& each : cases) {
    const TestAnswer answer = client.Post(std::string("/v1") + each.path, R"({"text":"hi"})",
                                          {{"x-portkey-provider", each.provider}});
    EXPECT_EQ(answer.status, 200) << each.provider << answer.body;
    EXPECT_EQ(answer.body, kAnswer);
    const SeenRequest seen = upstream_.requests().back();
    EXPECT_EQ(seen.target, std::string("/base") + each.path);
    EXPECT_EQ(seen.body, R"({"text":"hi"})");
    EXPECT_EQ(seen.Header(each.header), each.value) << each.provider;
    const TestAnswer chat = client.Post(kChat, kBody, {{"x-portkey-provider", each.provider}});
    EXPECT_EQ(chat.status, 400) << each.provider;
    EXPECT_EQ(json::parse(chat.body)["error"]["code"], "unsupported_operation");
  }
}

TEST_F(ProviderRows, PathsOfTheirOwn) {
  GatewayFixture gateway = Start(At("writer") + At("longcat") + At("predibase") + At("perplexity-ai"));
  TestClient client(gateway.http_address());
  for (const char* const name : {"writer", "longcat", "predibase", "perplexity-ai"})
    EXPECT_EQ(client.Post(kChat, kBody, {{"x-portkey-provider", name}}).status, 200) << name;
  client.Get("/v1/models", {{"x-portkey-provider", "perplexity-ai"}});
  const auto seen = upstream_.requests();
  ASSERT_EQ(seen.size(), 5U);
  EXPECT_EQ(seen[0].target, "/base/chat");
  EXPECT_EQ(seen[1].target, "/base/v1/chat/completions");
  EXPECT_EQ(seen[2].target, "/base/org%2Fm:1/v1/chat/completions");
  EXPECT_EQ(seen[3].target, "/base/chat/completions");
  EXPECT_EQ(seen[4].target, "/base/v1/models");
}

// A caller cannot reach this machine by the name of a provider where they cannot by its address.
TEST(ProviderRowsOfThisMachine, AreSubjectToTheAddressPolicy) {
  config::ServeOptions options;
  options.http = "0.0.0.0:0";  // other machines can reach it
  options.grpc = options.admin = "127.0.0.1:0";
  options.threads = 1;
  options.log_level = telemetry::LogLevel::kError;
  auto gateway = Gateway::Start(options, [](const char*) -> const char* { return nullptr; });
  ASSERT_TRUE(gateway.ok()) << gateway.status().ToString();
  const std::string address = (*gateway)->http_address();
  TestClient client("127.0.0.1" + address.substr(address.rfind(':')));
  for (const char* const name : {"ollama", "vllm", "llamacpp", "lmstudio"}) {
    const TestAnswer answer = client.Post(kChat, kBody, {{"x-portkey-provider", name}});
    EXPECT_EQ(answer.status, 403) << answer.body;
    EXPECT_EQ(json::parse(answer.body)["error"]["code"], "upstream_address_forbidden") << name;
  }
}

TEST_F(ProviderRows, WithoutAKeyTheErrorSaysWhereItCouldComeFrom) {
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const auto message = [&](const char* name) {
    const TestAnswer answer = client.Post(kChat, kBody, {{"x-portkey-provider", name}});
    EXPECT_EQ(answer.status, 401);
    return json::parse(answer.body)["error"]["message"].get<std::string>();
  };
  EXPECT_EQ(message("groq"),
            "no key for groq: send one as Authorization: Bearer, or start the gateway with GROQ_API_KEY");
  EXPECT_EQ(message("aibadgr"),
            "no key for aibadgr: send one as Authorization: Bearer, or give the gateway one in its config "
            "file");
}

// xAI's completion tokens lack those of reasoning (docs.x.ai); the metrics count everything that was
// generated.
TEST_F(ProviderRows, ReasoningIsPartOfTheOutputThatIsCounted) {
  FakeUpstream xai([](const SeenRequest&) {
    return RespondJson(
        200,
        R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}],)"
        R"("usage":{"prompt_tokens":331,"completion_tokens":11,"total_tokens":674,)"
        R"("completion_tokens_details":{"reasoning_tokens":332}}})");
  });
  GatewayFixture gateway = Start("  x-ai: {base_url: \"" + xai.url() + "\", api_key: \"env:KEY\"}\n");
  TestClient client(gateway.http_address());
  const TestAnswer answer = client.Post(kChat, kBody, {{"x-portkey-provider", "x-ai"}});
  EXPECT_EQ(json::parse(answer.body)["usage"]["completion_tokens"], 11);
  TestClient admin(gateway.admin_address());
  EXPECT_TRUE(Eventually([&] {
    const std::string metrics = admin.Get("/metrics").body;
    const size_t line = metrics.find("portolan_tokens_total{");
    const size_t output = metrics.find("kind=\"output\"", line);
    return output != std::string::npos && metrics.substr(metrics.find('}', output), 6) == "} 343\n";
  }));
}

// As Together does: tokens in a chunk of its own, whether or not `stream_options` asks for it.
Script Unasked(const SeenRequest& request) {
  const bool chats = request.target.ends_with("/chat/completions");
  const std::string piece = chats ? R"("delta":{"content":"yes"})" : R"("text":"yes")";
  return RespondEvents(
      {R"(data: {"id":"c","choices":[{"index":0,)" + piece + R"(,"finish_reason":null}],"usage":null})" +
           "\n\n",
       R"(data: {"id":"c","choices":[{"index":0,)" + piece + R"(,"finish_reason":"stop"}],"usage":null})" +
           "\n\n",
       R"(data: {"id":"c","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":6,"total_tokens":11}})"
       "\n\n",
       "data: [DONE]\n\n"});
}

class UnaskedUsage : public ProviderRows {
 protected:
  // The stream's data. What went up must be what came.
  std::vector<std::string> Ask(const std::string& path, const std::string& body, const Headers& headers) {
    std::istringstream lines(TestClient(gateway_.http_address()).Post(path, body, headers).body);
    EXPECT_EQ(together_.requests().back().body, body);
    std::vector<std::string> data;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("data: ")) data.push_back(line.substr(6));
    }
    return data;
  }
  // Tokens of answers that the metrics have counted, of all providers.
  int Counted() {
    const std::regex line("portolan_tokens_total[{][^}]*kind=\"output\"[}] ([0-9]+)");
    const std::string metrics = TestClient(gateway_.admin_address()).Get("/metrics").body;
    int sum = 0;
    for (std::sregex_iterator at(metrics.begin(), metrics.end(), line), end; at != end; ++at)
      sum += std::stoi((*at)[1]);
    return sum;
  }

  FakeUpstream together_{Unasked};
  GatewayFixture gateway_ =
      Start("  together-ai: {base_url: \"" + together_.url() +
            "/v1\", api_key: \"env:KEY\"}\n"
            "  mine: {dialect: together-ai, base_url: \"" +
            together_.url() + "/v1\"}\n  lab: {base_url: \"" + together_.url() + "/v1\"}\n");
};

constexpr char kStreamed[] = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})";
constexpr char kText[] = R"({"model":"m","stream":true,"prompt":"hi"})";

// The loop of every README reads `choices[0]` of each chunk.
TEST_F(UnaskedUsage, IsCountedAndKeptFromWhoHasNotAsked) {
  const std::vector<std::pair<const char*, const char*>> calls = {{kChat, kStreamed},
                                                                  {"/v1/completions", kText}};
  const std::vector<Headers> ways = {
      {{"x-portolan-provider", "together-ai"}},
      {{"x-portolan-provider", "mine"}},
      {{"x-portolan-provider", "together-ai"}, {"x-portolan-custom-host", together_.url() + "/v1"}}};
  int output = 0;
  for (const auto& [path, body] : calls) {
    for (const Headers& headers : ways) {
      const std::vector<std::string> data = Ask(path, body, headers);
      ASSERT_EQ(data.size(), 3U) << path;
      EXPECT_EQ(json::parse(data[0])["choices"].size(), 1U);
      EXPECT_EQ(json::parse(data[1])["choices"][0]["finish_reason"], "stop");
      EXPECT_EQ(data[2], "[DONE]");
      output += 6;
      ASSERT_TRUE(Eventually([&] { return Counted(); }, output));
    }
  }
}

TEST_F(UnaskedUsage, IsForThoseWhoAsk) {
  const std::string asking =
      R"({"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[]})";
  const std::vector<std::string> data = Ask(kChat, asking, {{"x-portolan-provider", "together-ai"}});
  ASSERT_EQ(data.size(), 4U);
  EXPECT_EQ(json::parse(data[2])["usage"]["completion_tokens"], 6);
  // Also where the route asks in the caller's stead.
  const std::string config =
      R"({"provider":"together-ai","override_params":{"stream_options":{"include_usage":true}}})";
  TestClient client(gateway_.http_address());
  const TestAnswer answer = client.Post(kChat, kStreamed, {{"x-portolan-config", config}});
  EXPECT_NE(answer.body.find("\"usage\":{"), std::string::npos) << answer.body;
}

// Other servers are not known to say what nobody has asked for: what they say is passed on.
TEST_F(UnaskedUsage, OfOtherProvidersIsPassedOn) {
  EXPECT_EQ(Ask(kChat, kStreamed, {{"x-portolan-provider", "lab"}}).size(), 4U);
}

}  // namespace
}  // namespace portolan::test
