// Replays what Bedrock's Converse API was sent and what it answered, against expectations that are worked out
// from the recordings alone (bedrock_oracle.h).

#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "server/http/aws_event_stream.h"
#include "tests/conformance/bedrock_oracle.h"
#include "tests/conformance/recordings.h"
#include "tests/unit/providers/bedrock/harness.h"

namespace portolan::conformance::bedrock {
namespace {

using nlohmann::json;
using providers::CallFacts;
using providers::bedrock::Harness;

CallFacts Facts(bool stream) {
  CallFacts facts;
  facts.stream = stream;
  facts.include_usage = true;
  facts.content_blocks = true;
  facts.model = "m";
  facts.unix_seconds = 1700000000;
  return facts;
}

// The model that stands in the recorded URL, percent-decoded.
std::string ModelOf(const Recording& recording) {
  const std::string url = recording.exchange.at("request").at("url");
  const size_t begin = url.find("/model/") + 7;
  std::string model = url.substr(begin, url.rfind('/') - begin);
  for (size_t at = 0; (at = model.find("%3A")) != std::string::npos;) model.replace(at, 3, ":");
  return model;
}

void ReplayRequest(const Harness& harness, const Recording& recording) {
  const auto sent = harness.Encode(HubRequestFor(recording.request(), ModelOf(recording)), Facts(false));
  ASSERT_FALSE(sent.error) << sent.error->message << " at " << sent.error->param;
  EXPECT_EQ(sent.dropped, providers::DroppedMembers{});
  EXPECT_EQ(Normalised(sent.wire), Normalised(recording.request()));
}

void ReplayAnswer(const Harness& harness, const json& recorded) {
  const auto answer = harness.Decode(recorded.dump(), Facts(false));
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(SummaryOf(answer.hub), ExpectedOf(recorded));
  for (const char* member : {"metrics", "trace"}) {
    EXPECT_EQ(answer.hub.value(member, json()), recorded.value(member, json()));
  }
}

// Feeds the recorded bytes in pieces.
Harness::Stream Feed(const Harness& harness, const std::string& bytes, size_t piece) {
  Harness::Stream stream(harness, Facts(true));
  http::AwsEventReader reader;
  http::StreamEvent event;
  bool more = true;
  for (size_t at = 0; at < bytes.size() && more; at += piece) {
    reader.Push(std::string_view(bytes).substr(at, piece));
    auto result = http::EventReader::Result::kEvent;
    while (more && (result = reader.Next(&event)) == http::EventReader::Result::kEvent) {
      more = stream.Feed(event.data);
    }
    EXPECT_TRUE(!more || result == http::EventReader::Result::kNeedMore);
  }
  return stream;
}

void ReplayStream(const Harness& harness, const std::string& bytes, size_t piece) {
  SCOPED_TRACE("in pieces of " + std::to_string(piece));
  const Harness::Stream stream = Feed(harness, bytes, piece);
  ASSERT_FALSE(stream.error) << stream.error->message;
  EXPECT_TRUE(stream.done);
  const json expected = ExpectedOf(AssembleFrames(FramesOf(bytes)));
  EXPECT_EQ(SummaryOfChunks(stream.chunks), expected);
  EXPECT_EQ(stream.tokens().input, expected.at("prompt_tokens"));
  EXPECT_EQ(stream.tokens().output, expected.at("completion_tokens"));
}

// Whatever is cut off, an answer that is not whole is no good one.
void ExpectCutStreamsFail(const Harness& harness, const std::string& bytes) {
  const std::vector<json> frames = FramesOf(bytes);
  for (size_t count = 0; count + 2 < frames.size(); ++count) {
    Harness::Stream stream(harness, Facts(true));
    for (size_t i = 0; i < count; ++i) {
      stream.Feed(json{{frames[i].at("type").get<std::string>(), frames[i].at("payload")}}.dump());
    }
    stream.End();
    EXPECT_TRUE(stream.error) << "after " << count << " of " << frames.size();
  }
}

// An exception instead of an answer, under status 200.
void ReplayException(const Harness& harness, const std::string& bytes, const json& frame) {
  const Harness::Stream stream = Feed(harness, bytes, bytes.size());
  ASSERT_TRUE(stream.error);
  EXPECT_TRUE(stream.chunks.empty());
  EXPECT_EQ(frame.at("type"), "validationException");  // the only one recorded
  EXPECT_EQ(stream.error->code, "ValidationException");
  EXPECT_EQ(stream.error->http_status, 400);
  EXPECT_EQ(stream.error->message, frame.at("payload").at("message").get<std::string>());
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
  EXPECT_EQ(error.message, recording.response().at("message").get<std::string>());
  const std::string type = recorded.value("x-amzn-errortype", "");
  if (!type.empty()) {
    EXPECT_EQ(error.code, type.substr(0, type.find(':')));
  }
}

TEST(BedrockRecordings, AreReplayed) {
  const auto recordings = LoadRecordings("bedrock", "converse");
  if (!recordings) {
    std::puts("bedrock: SKIPPED, there are no recordings here (see PORTOLAN_RECORDINGS)");
    GTEST_SKIP();
  }
  const Harness harness;
  std::map<std::string, int> kinds;
  size_t replayed = 0;
  for (const Recording& recording : *recordings) {
    SCOPED_TRACE(recording.name);
    ReplayRequest(harness, recording);
    ++kinds["requests"];
    if (recording.status() != 200) {
      ReplayError(harness, recording);
      ++kinds["errors"];
    } else if (recording.response().contains("base64")) {
      const std::string bytes = DecodeBase64(recording.response().at("base64").get<std::string>());
      const std::vector<json> frames = FramesOf(bytes);
      if (frames.size() == 1) {
        ReplayException(harness, bytes, frames[0]);
        ++kinds["exceptions"];
      } else {
        for (const size_t piece : {size_t{1}, size_t{7}, bytes.size()}) ReplayStream(harness, bytes, piece);
        ExpectCutStreamsFail(harness, bytes);
        ++kinds["streams (at 3 sizes)"];
      }
    } else {
      ReplayAnswer(harness, recording.response());
      ++kinds["answers"];
    }
    ++replayed;
  }
  std::string detail;
  for (const auto& [kind, count] : kinds) detail += ", " + std::to_string(count) + " " + kind;
  std::printf("bedrock: %zu of %zu recorded exchanges of Converse replayed%s\n", replayed, recordings->size(),
              detail.c_str());
  EXPECT_EQ(replayed, recordings->size());
  EXPECT_GT(replayed, 0u);
}

void ReplayInvoked(const Harness& harness, const Recording& recording, bool embeds) {
  SCOPED_TRACE(recording.name);
  const std::string model = ModelOf(recording);
  CallFacts facts;
  facts.operation = embeds ? providers::operation::kEmbedding : providers::operation::kRerank;
  facts.model = model;
  // The request in the caller's words: only these members are called otherwise, or follow from the model.
  json hub = recording.request();
  hub["model"] = model;
  if (embeds) {
    hub["input"] = hub["inputText"];
    hub.erase("inputText");
  }
  hub.erase("api_version");
  const auto sent = harness.EncodeFor(facts.operation, hub);
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.wire, recording.request());
  EXPECT_EQ(sent.dropped, providers::DroppedMembers{});
  const auto answer = harness.DecodeFor(facts, recording.response().dump());
  ASSERT_FALSE(answer.error) << answer.error->message;
  if (embeds) {
    const std::string tokens =
        recording.exchange.at("response").at("headers").at("x-amzn-bedrock-input-token-count");
    EXPECT_EQ(answer.hub.at("data").at(0).at("embedding"), recording.response().at("embedding"));
    EXPECT_EQ(answer.hub.at("usage").at("prompt_tokens"), std::stoi(tokens));
  } else {
    EXPECT_EQ(answer.hub.at("results"), recording.response().at("results"));
  }
}

// InvokeModel, for the models that embed or rerank; others of it are relayed (relayed_recordings_test.cc).
TEST(BedrockRecordings, OfInvokeModelAreReplayed) {
  const auto embeddings = LoadRecordings("bedrock", "invoke-dimensions-amazon.titan");
  const auto reranks = LoadRecordings("bedrock", "invoke-cohere.rerank");
  if (!embeddings || !reranks) GTEST_SKIP() << "no recordings on this machine";
  const Harness harness;
  for (const Recording& recording : *embeddings) ReplayInvoked(harness, recording, /*embeds=*/true);
  for (const Recording& recording : *reranks) ReplayInvoked(harness, recording, /*embeds=*/false);
  EXPECT_EQ(embeddings->size() + reranks->size(), 2u);
}

}  // namespace
}  // namespace portolan::conformance::bedrock
