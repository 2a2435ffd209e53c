// Replays what Anthropic's API was sent and what it answered, against expectations that are worked out from
// the recordings alone (anthropic_oracle.h).

#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "server/http/sse.h"
#include "tests/conformance/anthropic_oracle.h"
#include "tests/conformance/recordings.h"
#include "tests/unit/providers/anthropic/harness.h"

namespace portolan::conformance {
namespace {

using nlohmann::json;
using providers::CallFacts;
using providers::anthropic::Harness;

constexpr int64_t kNow = 1700000000;

CallFacts Facts(bool stream) {
  CallFacts facts;
  facts.stream = stream;
  facts.include_usage = true;
  facts.content_blocks = true;
  facts.unix_seconds = kNow;
  return facts;
}

// The blocks, put back as the assistant's message of the next request, must be the very same.
void ExpectBlocksSurviveTheRoundTrip(const Harness& harness, const json& message, const json& blocks) {
  EXPECT_EQ(blocks, message.at("content"));
  const json hub = {{"model", message.at("model")},
                    {"messages",
                     {{{"role", "user"}, {"content", "q"}},
                      {{"role", "assistant"}, {"content", nullptr}, {"content_blocks", blocks}},
                      {{"role", "user"}, {"content", "go on"}}}}};
  const auto sent = harness.Encode(hub);
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.wire.at("messages").at(1).at("content"), message.at("content"));
}

void ReplayRequest(const Harness& harness, const json& recorded) {
  const auto sent = harness.Encode(HubRequestFor(recorded), Facts(recorded.value("stream", false)));
  ASSERT_FALSE(sent.error) << sent.error->message << " at " << sent.error->param;
  EXPECT_EQ(sent.dropped, providers::DroppedMembers{});
  EXPECT_EQ(Normalised(sent.wire), Normalised(recorded));
}

void ReplayAnswer(const Harness& harness, const json& message) {
  const auto answer = harness.Decode(message.dump(), Facts(false));
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(SummaryOf(answer.hub), ExpectedOf(message));
  EXPECT_EQ(answer.hub.at("object"), "chat.completion");
  EXPECT_EQ(answer.hub.at("created"), kNow);
  ExpectBlocksSurviveTheRoundTrip(harness, message,
                                  answer.hub.at("choices").at(0).at("message").at("content_blocks"));
}

void ReplayStream(const Harness& harness, const std::string& sse, size_t piece) {
  SCOPED_TRACE("in pieces of " + std::to_string(piece));
  Harness::Stream stream(harness, Facts(true));
  http::SseReader reader;
  http::StreamEvent event;
  bool more = true;
  for (size_t at = 0; at < sse.size() && more; at += piece) {
    reader.Push(std::string_view(sse).substr(at, piece));
    while (more && reader.Next(&event) == http::SseReader::Result::kEvent) {
      if (event.has_data) more = stream.Feed(event.data);
    }
  }
  ASSERT_FALSE(stream.error) << stream.error->message;
  EXPECT_TRUE(stream.done);
  const json message = AssembleEvents(EventsOf(sse));
  EXPECT_EQ(SummaryOfChunks(stream.chunks), ExpectedOf(message));
  ExpectBlocksSurviveTheRoundTrip(harness, message, AssembleBlocks(stream.chunks));
}

void ReplayError(const Harness& harness, const Recording& recording) {
  providers::Target target;
  target.provider = &harness.provider();
  std::vector<HeaderView> headers;
  const json& recorded = recording.exchange.at("response").at("headers");
  for (const auto& [name, value] : recorded.items())
    headers.push_back({name, value.get_ref<const std::string&>()});
  const Error error =
      harness.provider().dialect->ReadError(recording.status(), headers, recording.response().dump(), target);
  EXPECT_EQ(error.http_status, recording.status());
  EXPECT_EQ(error.code, recording.response().at("error").at("type").get<std::string>());
  EXPECT_EQ(error.message, recording.response().at("error").at("message").get<std::string>());
  EXPECT_EQ(error.retryable, recorded.value("x-should-retry", "") == "true");
}

// What the recorded 400 was for is no request of ours either.
bool IsWellFormed(const json& request) {
  for (const json& message : request.at("messages")) {
    if (!message.is_object()) return false;
  }
  return true;
}

TEST(AnthropicRecordings, AreReplayed) {
  const auto recordings = LoadRecordings("anthropic", "messages");
  if (!recordings) {
    std::puts("anthropic: SKIPPED, there are no recordings here (see PORTOLAN_RECORDINGS)");
    GTEST_SKIP();
  }
  const Harness harness;
  size_t replayed = 0;
  std::map<std::string, int> kinds;
  for (const Recording& recording : *recordings) {
    SCOPED_TRACE(recording.name);
    if (IsWellFormed(recording.request())) {
      ReplayRequest(harness, recording.request());
      ++kinds["requests"];
    }
    if (recording.status() != 200) {
      ReplayError(harness, recording);
      ++kinds["errors"];
    } else if (recording.response().is_string()) {
      const auto& sse = recording.response().get_ref<const std::string&>();
      for (const size_t piece : {size_t{1}, size_t{7}, sse.size()}) ReplayStream(harness, sse, piece);
      ++kinds["streams (at 3 sizes)"];
    } else {
      ReplayAnswer(harness, recording.response());
      ++kinds["answers"];
    }
    ++replayed;
  }
  std::string detail;
  for (const auto& [kind, count] : kinds) detail += ", " + std::to_string(count) + " " + kind;
  std::printf("anthropic: %zu of %zu recorded exchanges of /v1/messages replayed%s\n", replayed,
              recordings->size(), detail.c_str());
  EXPECT_EQ(replayed, recordings->size());
  EXPECT_GT(replayed, 0u);
}

TEST(AnthropicRecordings, ModelsAreListed) {
  const auto recordings = LoadRecordings("anthropic", "models");
  if (!recordings) GTEST_SKIP();
  const Harness harness;
  for (const Recording& recording : *recordings) {
    SCOPED_TRACE(recording.name);
    const auto answer = harness.DecodeModels(recording.response().dump(), providers::operation::kListModels);
    ASSERT_EQ(answer.hub.at("data").size(), recording.response().at("data").size());
    for (size_t i = 0; i < answer.hub["data"].size(); ++i) {
      json expected = recording.response()["data"][i];
      EXPECT_EQ(answer.hub["data"][i].at("object"), "model");
      EXPECT_GT(answer.hub["data"][i].at("created"), 1700000000);
      expected.erase("type");
      expected.erase("created_at");
      json given = answer.hub["data"][i];
      for (const char* member : {"object", "created", "owned_by"}) given.erase(member);
      EXPECT_EQ(given, expected);
    }
  }
  std::printf("anthropic: %zu of %zu recorded exchanges of /v1/models replayed\n", recordings->size(),
              recordings->size());
}

}  // namespace
}  // namespace portolan::conformance
