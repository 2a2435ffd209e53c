// Replays what providers were asked to count, and what they answered. Everything expected is read off the
// recordings.

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "providers/dialects/anthropic/anthropic.h"
#include "providers/dialects/google/google.h"
#include "tests/conformance/recordings.h"
#include "tests/unit/providers/count_driver.h"

namespace portolan::conformance {
namespace {

using nlohmann::json;
using providers::CountDriver;

// The recordings of those that were counted; none if there are no recordings here, which is said.
std::vector<Recording> Counted(std::string_view provider) {
  auto recordings = LoadRecordings(provider, "count-tokens");
  if (!recordings) {
    std::printf("%s: SKIPPED, there are no recordings here (see PORTOLAN_RECORDINGS)\n",
                std::string(provider).c_str());
    return {};
  }
  std::erase_if(*recordings, [](const Recording& one) { return one.status() != 200; });
  EXPECT_FALSE(recordings->empty());
  return *std::move(recordings);
}

TEST(TokenCountRecordings, Anthropic) {
  const CountDriver driver(providers::AnthropicDialect(), "count_tokens");
  for (const Recording& recording : Counted("anthropic")) {
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
    for (const Recording& recording : Counted(provider)) {
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

}  // namespace
}  // namespace portolan::conformance
