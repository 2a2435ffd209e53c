// Replays what Cohere's API was sent and what it answered, against expectations that are worked out from the
// recordings alone (cohere_oracle.h).

#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "server/http/event_reader.h"
#include "server/http/sse.h"
#include "tests/conformance/cohere_oracle.h"
#include "tests/conformance/recordings.h"
#include "tests/unit/providers/cohere/harness.h"

namespace portolan::conformance::cohere {
namespace {

using nlohmann::json;
using providers::CallFacts;
using providers::cohere::Harness;
using providers::cohere::TheHarness;

CallFacts Facts(std::string_view operation, const Recording& recording) {
  CallFacts facts;
  facts.operation = operation;
  if (recording.request().is_object()) {
    facts.stream = recording.request().value("stream", false);
    facts.model = recording.request().at("model").get_ref<const std::string&>();
  }
  facts.include_usage = facts.stream;
  facts.content_blocks = true;
  facts.unix_seconds = 1700000000;
  return facts;
}

void ReplayRequest(const Recording& recording) {
  const auto sent =
      TheHarness().Encode(HubRequestFor(recording.request()), Facts(providers::operation::kChat, recording));
  ASSERT_FALSE(sent.error) << sent.error->message << " at " << sent.error->param;
  EXPECT_EQ(sent.dropped, providers::DroppedMembers{});
  EXPECT_EQ(sent.wire, Normalised(recording.request()));
}

void ReplayError(const Recording& recording) {
  providers::Target target;
  target.provider = &TheHarness().provider();
  const Error error =
      target.provider->dialect->ReadError(recording.status(), {}, recording.response().dump(), target);
  EXPECT_EQ(error.http_status, recording.status());
  EXPECT_EQ(error.message, recording.response().at("message").get<std::string>());
  EXPECT_FALSE(error.code.empty());
  if (recording.response().contains("error_type")) {
    EXPECT_EQ(error.code, recording.response().at("error_type").get<std::string>());
  }
}

void ReplayAnswer(const Recording& recording) {
  const auto answer =
      TheHarness().Decode(recording.response().dump(), Facts(providers::operation::kChat, recording));
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(SummaryOf(answer.hub), ExpectedOf(recording.response()));
}

// Feeds the recorded bytes in pieces.
Harness::Stream Feed(const Recording& recording, const std::string& bytes, size_t piece) {
  Harness::Stream stream(TheHarness(), Facts(providers::operation::kChat, recording));
  http::SseReader reader;
  http::StreamEvent event;
  bool more = true;
  for (size_t at = 0; at < bytes.size() && more; at += piece) {
    reader.Push(std::string_view(bytes).substr(at, piece));
    while (more && reader.Next(&event) == http::EventReader::Result::kEvent) {
      if (event.data == "[DONE]") {
        stream.End();
        more = false;
      } else {
        more = stream.Feed(event.data);
      }
    }
  }
  return stream;
}

void ReplayStream(const Recording& recording, const std::string& bytes, size_t piece) {
  SCOPED_TRACE("in pieces of " + std::to_string(piece));
  const Harness::Stream stream = Feed(recording, bytes, piece);
  const json whole = AssembleEvents(EventsOf(bytes));
  if (whole.at("finish_reason") == "ERROR") {
    ASSERT_TRUE(stream.error);
    EXPECT_EQ(stream.error->message, whole.at("error").get<std::string>());
    return;
  }
  ASSERT_FALSE(stream.error) << stream.error->message;
  const json expected = ExpectedOf(whole);
  EXPECT_EQ(SummaryOfChunks(stream.chunks), expected);
  EXPECT_EQ(stream.tokens().input, expected.at("prompt_tokens"));
  EXPECT_EQ(stream.tokens().output, expected.at("completion_tokens"));
}

// Whatever is cut off, an answer that is not whole is no good one.
void ExpectCutStreamsFail(const Recording& recording, const std::string& bytes) {
  const std::vector<json> events = EventsOf(bytes);
  for (size_t count = 0; count + 1 < events.size(); ++count) {
    Harness::Stream stream(TheHarness(), Facts(providers::operation::kChat, recording));
    for (size_t i = 0; i < count; ++i) stream.Feed(events[i].dump());
    stream.End();
    EXPECT_TRUE(stream.error) << "after " << count << " of " << events.size();
  }
}

// Cohere's older embed has the same members, but for `texts` and its own `truncate: null`.
void ReplayEmbedding(const Recording& recording) {
  const json& request = recording.request();
  json hub = {{"model", request.at("model")}, {"input_type", request.at("input_type")}};
  if (request.contains("texts")) hub["input"] = request.at("texts");
  if (request.contains("images")) hub["images"] = request.at("images");
  if (request.contains("output_dimension")) hub["dimensions"] = request.at("output_dimension");
  const CallFacts facts = Facts(providers::operation::kEmbedding, recording);
  const auto sent = TheHarness().Encode(hub, facts);
  ASSERT_FALSE(sent.error) << sent.error->message;
  json expected = request;
  if (expected.contains("truncate") && expected.at("truncate").is_null()) expected.erase("truncate");
  EXPECT_EQ(sent.wire, expected);
  const auto answer = TheHarness().Decode(recording.response().dump(), facts);
  ASSERT_FALSE(answer.error) << answer.error->message;
  const json& vectors = recording.response().at("embeddings").at("float");
  ASSERT_EQ(answer.hub.at("data").size(), vectors.size());
  for (size_t i = 0; i < vectors.size(); ++i) {
    EXPECT_EQ(answer.hub.at("data").at(i).at("index"), i);
    EXPECT_EQ(answer.hub.at("data").at(i).at("embedding"), vectors.at(i));
  }
  const json& billed = recording.response().at("meta").at("billed_units");
  if (billed.contains("input_tokens")) {
    EXPECT_EQ(answer.hub.at("usage").at("prompt_tokens"), billed.at("input_tokens"));
  }
}

void ReplayRerank(const Recording& recording) {
  const CallFacts facts = Facts(providers::operation::kRerank, recording);
  json hub = recording.request();
  const bool returns = hub.value("return_documents", false);
  const auto sent = TheHarness().Encode(hub, facts);
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.dropped.size(), returns ? 1u : 0u);
  hub.erase("return_documents");
  EXPECT_EQ(sent.wire, hub);
  const auto answer = TheHarness().Decode(recording.response().dump(), facts);
  ASSERT_FALSE(answer.error) << answer.error->message;
  json expected = recording.response();
  expected["model"] = hub.at("model");
  EXPECT_EQ(answer.hub, expected);
}

std::vector<Recording> Load(std::string_view prefix) {
  auto recordings = LoadRecordings("cohere", prefix);
  if (!recordings) {
    std::puts("cohere: SKIPPED, there are no recordings here (see PORTOLAN_RECORDINGS)");
    return {};
  }
  EXPECT_FALSE(recordings->empty());
  return *std::move(recordings);
}

TEST(CohereRecordings, Chat) {
  std::map<std::string, int> kinds;
  for (const Recording& recording : Load("chat-v2")) {
    SCOPED_TRACE(recording.name);
    ReplayRequest(recording);
    ++kinds["requests"];
    if (recording.status() != 200) {
      ReplayError(recording);
      ++kinds["errors"];
    } else if (recording.response().is_string()) {
      const std::string bytes = recording.response();
      for (const size_t piece : {size_t{1}, size_t{7}, bytes.size()}) ReplayStream(recording, bytes, piece);
      ExpectCutStreamsFail(recording, bytes);
      ++kinds["streams (at 3 sizes)"];
    } else {
      ReplayAnswer(recording);
      ++kinds["answers"];
    }
  }
  for (const auto& [kind, count] : kinds) std::printf("cohere: %d %s replayed\n", count, kind.c_str());
}

TEST(CohereRecordings, Embeddings) {
  for (const Recording& recording : Load("embeddings")) {
    SCOPED_TRACE(recording.name);
    ReplayEmbedding(recording);
  }
}

TEST(CohereRecordings, Rerank) {
  for (const Recording& recording : Load("rerank")) {
    SCOPED_TRACE(recording.name);
    ReplayRerank(recording);
  }
}

TEST(CohereRecordings, Models) {
  for (const Recording& recording : Load("models")) {
    SCOPED_TRACE(recording.name);
    ReplayError(recording);
  }
}

}  // namespace
}  // namespace portolan::conformance::cohere
