// Replays what providers were asked to count, and what they answered. Everything expected is read off the
// recordings.

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "providers/dialects/anthropic/anthropic.h"
#include "providers/dialects/bedrock/bedrock.h"
#include "providers/dialects/google/google.h"
#include "providers/provider.h"
#include "tests/conformance/recordings.h"
#include "tests/unit/providers/count_driver.h"

namespace portolan::conformance {
namespace {

using nlohmann::json;
using providers::CountDriver;

// The recordings of those that were counted, or that were not; none if there are no recordings here, which is
// said.
std::vector<Recording> Recorded(std::string_view provider, bool counted) {
  auto recordings = LoadRecordings(provider, "count-tokens");
  if (!recordings) {
    std::printf("%s: SKIPPED, there are no recordings here (see PORTOLAN_RECORDINGS)\n",
                std::string(provider).c_str());
    return {};
  }
  std::erase_if(*recordings, [&](const Recording& one) { return (one.status() == 200) != counted; });
  return *std::move(recordings);
}

std::vector<Recording> Counted(std::string_view provider) { return Recorded(provider, true); }

bool HasRecordings() { return LoadRecordings("gemini", "count-tokens").has_value(); }

TEST(TokenCountRecordings, Anthropic) {
  const CountDriver driver(providers::AnthropicDialect(), "count_tokens");
  const std::vector<Recording> recordings = Counted("anthropic");
  EXPECT_EQ(recordings.empty(), !HasRecordings());
  for (const Recording& recording : recordings) {
    SCOPED_TRACE(recording.name);
    const std::string model = recording.request().at("model");
    const auto answer = driver.Decode(recording.response().dump(), model);
    ASSERT_FALSE(answer.error) << answer.error->message;
    EXPECT_EQ(answer.json.at("input_tokens"), recording.response().at("input_tokens"));
    // Back to the caller, and from the hub's words to the same request again.
    EXPECT_EQ(driver.Answer(answer.json), recording.response());
    const auto hub = driver.ToHub(recording.request());
    ASSERT_FALSE(hub.error) << hub.error->message;
    EXPECT_TRUE(hub.dropped.empty());
    const auto sent = driver.Encode(hub.json);
    ASSERT_FALSE(sent.error) << sent.error->message;
    json expected = recording.request();
    // The only block of a message is its text.
    for (json& message : expected.at("messages")) {
      const json& content = message.at("content");
      if (content.is_array() && content.size() == 1)
        message["content"] = content[0].at("text").get<std::string>();
    }
    EXPECT_EQ(sent.json, expected);
  }
}

TEST(TokenCountRecordings, Google) {
  const CountDriver driver(providers::GoogleDialect());
  for (const char* provider : {"gemini", "vertex"}) {
    const std::vector<Recording> recordings = Counted(provider);
    EXPECT_EQ(recordings.empty(), !HasRecordings());
    for (const Recording& recording : recordings) {
      SCOPED_TRACE(recording.name);
      const auto answer = driver.Decode(recording.response().dump(), "m");
      ASSERT_FALSE(answer.error) << answer.error->message;
      EXPECT_EQ(answer.json.at("input_tokens"), recording.response().at("totalTokens"));
      EXPECT_EQ(answer.json.at("promptTokensDetails"), recording.response().at("promptTokensDetails"));
      json messages = json::array();
      for (const json& content : recording.request().at("contents")) {
        messages.push_back({{"role", content.at("role")}, {"content", content.at("parts").at(0).at("text")}});
      }
      const auto sent = driver.Encode({{"model", "m"}, {"messages", messages}});
      ASSERT_FALSE(sent.error) << sent.error->message;
      EXPECT_EQ(sent.json.at("generateContentRequest").at("contents"), recording.request().at("contents"));
    }
  }
}

TEST(TokenCountRecordings, Refusals) {
  if (!HasRecordings()) GTEST_SKIP() << "no recordings on this machine";
  int replayed = 0;
  for (const auto& [folder, dialect] : {std::pair("gemini", &providers::GoogleDialect()),
                                        std::pair("bedrock", &providers::BedrockDialect())}) {
    for (const Recording& recording : Recorded(folder, /*counted=*/false)) {
      SCOPED_TRACE(recording.name);
      const providers::Provider provider{.name = folder, .dialect = dialect};
      providers::Target target;
      target.provider = &provider;
      const Error error = dialect->ReadError(recording.status(), {}, recording.response().dump(), target);
      EXPECT_EQ(error.http_status, recording.status());
      EXPECT_FALSE(error.code.empty());
      const json& body = recording.response();
      EXPECT_EQ(error.message,
                (body.contains("error") ? body.at("error") : body).at("message").get<std::string>());
      ++replayed;
    }
  }
  EXPECT_EQ(replayed, 2);
}

}  // namespace
}  // namespace portolan::conformance
