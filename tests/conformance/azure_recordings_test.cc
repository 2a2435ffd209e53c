// Replays what Azure was sent and what it answered through the whole gateway: what real clients sent reaches
// the recorded path byte for byte, the answers come down byte for byte, and their tokens are counted.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/conformance/replay.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::conformance {
namespace {

using nlohmann::json;
using test::SeenRequest;

// A recording, and how a caller of the gateway asks for the same.
struct Asked {
  Replay replay;
  std::string place;  // `/openai/…`, as it is called
  std::string path;   // of the gateway
  test::Headers headers;
};

std::string Between(const std::string& text, const std::string& begin, char end) {
  const size_t from = text.find(begin);
  if (from == std::string::npos) return {};
  return text.substr(from + begin.size(), text.find(end, from + begin.size()) - from - begin.size());
}

Asked Ask(Replay replay) {
  Asked asked;
  asked.place = replay.path;
  // Some clients put another slash before it, which is the same address.
  if (asked.place.starts_with("//")) asked.place.erase(0, 1);
  std::string version = Between(asked.place, "api-version=", '&');
  const std::string deployment = Between(asked.place, "/deployments/", '/');
  // One was recorded without its query.
  if (version.empty() && !deployment.empty()) {
    version = "2025-01-01-preview";
    asked.place += "?api-version=" + version;
  }
  const bool inference = asked.place.starts_with("/models/");
  asked.headers = {{"x-portolan-provider", inference ? "azure-ai" : "azure-openai"}};
  if (!version.empty()) asked.headers.emplace_back("x-portolan-azure-api-version", version);
  if (!deployment.empty()) asked.headers.emplace_back("x-portolan-azure-deployment-id", deployment);
  for (const char* operation : {"/chat/completions", "/completions", "/embeddings", "/responses"}) {
    if (asked.path.empty() && asked.place.find(operation) != std::string::npos)
      asked.path = std::string("/v1") + operation;
  }
  asked.replay = std::move(replay);
  return asked;
}

int64_t TotalOf(const Replay& replay) {
  int64_t total = 0;
  const auto read = [&](const std::string& text) {
    const json value = json::parse(text, nullptr, false);
    if (!value.is_object() || !value.contains("usage") || !value["usage"].is_object()) return;
    const json& usage = value["usage"];
    // Of the Responses API nothing is read: it is passed on as it is.
    total = usage.value("prompt_tokens", 0) + usage.value("completion_tokens", 0);
  };
  if (replay.status >= 400) return 0;
  if (!replay.streams()) read(replay.response);
  if (replay.streams()) {
    for (const std::string& event : EventData(replay.response)) read(event);
  }
  return total;
}

TEST(AzureRecordings, RequestsReachAzureAndAnswersComeBack) {
  std::vector<Asked> all;
  for (Replay& replay : LoadReplays().value_or(std::vector<Replay>())) {
    if (replay.provider == "azure") all.push_back(Ask(std::move(replay)));
  }
  if (all.empty()) GTEST_SKIP() << "no recordings on this machine";
  for (const Asked& asked : all) {
    for (const size_t piece : {size_t{0}, size_t{7}, size_t{1}}) {
      if (piece != 0 && !asked.replay.streams()) continue;
      SCOPED_TRACE(asked.replay.label() + ", pieces of " + std::to_string(piece));
      const test::FakeUpstream upstream([&](const SeenRequest&) { return AnswerOf(asked.replay, piece); });
      const test::TempFolder folder;
      const std::string config = folder.path() + "/portolan.yaml";
      std::ofstream(config) << "providers:\n  azure-openai: {base_url: \"" << upstream.url()
                            << "/openai\", api_key: \"env:KEY\"}\n  azure-ai: {base_url: \"" << upstream.url()
                            << "\", api_key: \"env:KEY\"}\n";
      const test::GatewayFixture gateway = test::GatewayFixture::FromFile(config, {{"KEY", "k"}});
      test::TestClient client(gateway.http_address());
      const test::TestAnswer answer = client.Post(asked.path, asked.replay.request, asked.headers);
      ASSERT_EQ(upstream.requests().size(), 1U) << answer.body;
      const SeenRequest seen = upstream.requests()[0];
      EXPECT_EQ(seen.target, asked.place);
      EXPECT_EQ(seen.body, asked.replay.request);
      EXPECT_EQ(seen.Header("api-key"), "k");
      EXPECT_EQ(seen.CountHeader("authorization"), 0);
      EXPECT_EQ(answer.status, asked.replay.status);
      EXPECT_EQ(answer.body, asked.replay.response);
      if (asked.path == "/v1/responses") continue;
      const std::string total = std::to_string(TotalOf(asked.replay));
      EXPECT_TRUE(test::Eventually([&] {
        test::TestClient admin(gateway.admin_address());
        int64_t counted = 0;
        std::istringstream lines(admin.Get("/metrics").body);
        for (std::string line; std::getline(lines, line);) {
          const bool tokens = line.starts_with("portolan_tokens_total{") &&
                              (line.find("kind=\"input\"") != std::string::npos ||
                               line.find("kind=\"output\"") != std::string::npos);
          if (tokens) counted += std::stoll(line.substr(line.rfind(' ') + 1));
        }
        return std::to_string(counted) == total;
      })) << total;
    }
  }
}

}  // namespace
}  // namespace portolan::conformance
