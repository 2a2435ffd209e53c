// Replays what Google's APIs were sent and what they answered, against expectations that are worked out from
// the recordings alone (google_oracle.h).

#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "server/http/sse.h"
#include "tests/conformance/google_oracle.h"
#include "tests/conformance/recordings.h"
#include "tests/unit/providers/google/harness.h"

namespace portolan::conformance {
namespace {

using nlohmann::json;
using providers::CallFacts;
using providers::gemini::Harness;

CallFacts Facts(std::string_view model, bool stream = false, bool blocks = false) {
  CallFacts facts;
  facts.model = model;
  facts.stream = stream;
  facts.include_usage = true;
  facts.content_blocks = blocks;
  facts.unix_seconds = 1700000000;
  return facts;
}

// `…/models/gemini-2.5-pro:generateContent?alt=sse`
std::string ModelOf(const Recording& recording) {
  const std::string url = recording.exchange.at("request").at("url").get<std::string>();
  const size_t begin = url.find("/models/") + 8;
  return url.substr(begin, url.rfind(':') - begin);
}

// What is sent of an answer that a caller puts back as it got it.
json SentBack(const Harness& harness, const std::string& model, json message) {
  message.erase("annotations");
  json messages = {{{"role", "user"}, {"content", "q"}}, message};
  for (const json& call : message.value("tool_calls", json::array())) {
    messages.push_back({{"role", "tool"}, {"tool_call_id", call["id"]}, {"content", "1"}});
  }
  messages.push_back({{"role", "user"}, {"content", "go on"}});
  const auto sent = harness.Encode({{"model", model}, {"messages", messages}});
  if (sent.error) ADD_FAILURE() << sent.error->message << " at " << sent.error->param;
  json parts = sent.error ? json() : sent.wire.at("contents").at(1).at("parts");
  // A gateway's own id where Google gave none, and the placeholder of calls that never had a signature.
  for (json& part : parts) {
    if (part.value("thoughtSignature", "") == "skip_thought_signature_validator")
      part.erase("thoughtSignature");
  }
  return parts;
}

json WithoutIds(json parts) {
  for (json& part : parts) {
    if (part.contains("functionCall")) part["functionCall"].erase("id");
  }
  return parts;
}

// Parts of Google's own tools come first where there are no blocks to tell their order.
json ForeignFirst(const json& parts) {
  json sorted = json::array();
  for (const bool foreign : {true, false}) {
    for (const json& part : parts) {
      const bool is_foreign = !part.contains("text") && !part.contains("functionCall");
      if (is_foreign == foreign) sorted.push_back(part);
    }
  }
  return sorted;
}

void ExpectRoundTrip(const Harness& harness, const std::string& model, const json& answer,
                     const json& message) {
  // Several candidates, and several texts in one, are no conversation that can be told apart again.
  const json back = WithoutIds(PartsToSendBack(answer));
  if (back.empty()) return;
  const json sent = WithoutIds(SentBack(harness, model, message));
  EXPECT_EQ(sent, message.contains("content_blocks") ? back : ForeignFirst(back));
}

void ReplayRequest(const Harness& harness, const Recording& recording) {
  const auto sent = harness.Encode(HubRequestForGoogle(ModelOf(recording), recording.request()));
  ASSERT_FALSE(sent.error) << sent.error->message << " at " << sent.error->param;
  EXPECT_EQ(sent.dropped, providers::DroppedMembers{});
  json expected = NormalisedGoogle(recording.request());
  json given = NormalisedGoogle(sent.wire);
  // A public address tells the type by its ending, or not at all.
  for (json* request : {&expected, &given}) {
    for (json& content : (*request)["contents"]) {
      for (json& part : content["parts"]) {
        if (part.contains("fileData")) part["fileData"].erase("mimeType");
      }
    }
    // Vertex takes the two kinds of tools together without it.
    if (request->contains("toolConfig")) (*request)["toolConfig"].erase("includeServerSideToolInvocations");
    if (request->contains("toolConfig") && (*request)["toolConfig"].empty()) request->erase("toolConfig");
  }
  EXPECT_EQ(given, expected);
}

void ReplayAnswer(const Harness& harness, const std::string& model, const json& answer) {
  for (const bool blocks : {false, true}) {
    const auto hub = harness.Decode(answer.dump(), Facts(model, false, blocks));
    ASSERT_FALSE(hub.error) << hub.error->message;
    EXPECT_EQ(SummaryOfHub(hub.hub), ExpectedOfGoogle(answer));
    if (answer["candidates"].size() == 1) {
      ExpectRoundTrip(harness, model, answer, hub.hub["choices"][0]["message"]);
    }
  }
}

// An assembled stream has "" where an answer in one piece has null.
json WithEmptyText(json summary) {
  for (json& choice : summary["choices"]) {
    if (choice["content"].is_null()) choice["content"] = "";
  }
  return summary;
}

void ExpectStream(const Harness& harness, const std::string& model, const json& body,
                  const Harness::Stream& stream) {
  ASSERT_FALSE(stream.error) << stream.error->message;
  const json answer = AssembleGoogleEvents(GoogleEventsOf(body));
  const json completion = AssembleChunks(stream.chunks);
  json expected = WithEmptyText(ExpectedOfGoogle(answer));
  if (expected["model"].is_null()) expected["model"] = model;
  // Some streams have no id: the gateway makes one.
  if (expected["id"] == "") expected["id"] = "chatcmpl-google-1700000000";
  EXPECT_EQ(WithEmptyText(SummaryOfHub(completion)), expected);
  ExpectRoundTrip(harness, model, answer, completion["choices"][0]["message"]);
}

void ReplayStream(const Harness& harness, const std::string& model, const json& body) {
  const auto& text = body.get_ref<const std::string&>();
  if (text.starts_with('[')) {  // without alt=sse, which is not how the gateway asks
    Harness::Stream stream(harness, Facts(model, true));
    for (const json& event : GoogleEventsOf(body)) ASSERT_TRUE(stream.Feed(event.dump()));
    stream.End();
    return ExpectStream(harness, model, body, stream);
  }
  for (const size_t piece : {size_t{1}, size_t{7}, text.size()}) {
    SCOPED_TRACE("in pieces of " + std::to_string(piece));
    Harness::Stream stream(harness, Facts(model, true));
    http::SseReader reader;
    http::StreamEvent event;
    bool more = true;
    for (size_t at = 0; at < text.size() && more; at += piece) {
      reader.Push(std::string_view(text).substr(at, piece));
      while (more && reader.Next(&event) == http::SseReader::Result::kEvent) {
        if (event.has_data) more = stream.Feed(event.data);
      }
    }
    ASSERT_TRUE(more);
    stream.End();
    ExpectStream(harness, model, body, stream);
  }
}

void ReplayError(const Harness& harness, const Recording& recording) {
  providers::Target target;
  target.provider = &harness.provider();
  const json& body = recording.response();
  const std::string text = body.is_string() ? body.get<std::string>() : body.dump();
  const json said = json::parse(text).at("error");
  const Error error = harness.dialect().ReadError(recording.status(), {}, text, target);
  EXPECT_EQ(error.http_status, recording.status());
  EXPECT_EQ(error.code, said.at("status").get<std::string>());
  EXPECT_TRUE(said.at("message").get<std::string>().starts_with(error.message.substr(0, 40)));
  EXPECT_EQ(error.retryable, recording.status() == 429);
  for (const json& detail : said.value("details", json::array())) {
    if (detail.contains("retryDelay")) {
      ASSERT_TRUE(error.retry_after);
      EXPECT_EQ(std::to_string(error.retry_after->count() / 1000) + "s",
                detail["retryDelay"].get<std::string>());
    }
  }
}

void Replay(const Harness& harness, const Recording& recording, std::map<std::string, int>* kinds) {
  SCOPED_TRACE(recording.name);
  ReplayRequest(harness, recording);
  ++(*kinds)["requests"];
  if (recording.status() != 200) {
    ReplayError(harness, recording);
    ++(*kinds)["errors"];
  } else if (recording.response().is_string()) {
    ReplayStream(harness, ModelOf(recording), recording.response());
    ++(*kinds)["streams"];
  } else {
    ReplayAnswer(harness, ModelOf(recording), recording.response());
    ++(*kinds)["answers"];
  }
}

TEST(GoogleRecordings, AreReplayed) {
  const Harness harness;
  std::map<std::string, int> kinds;
  size_t replayed = 0;
  for (const char* provider : {"gemini", "vertex"}) {
    for (const char* prefix : {"generatecontent", "streamgeneratecontent"}) {
      const auto recordings = LoadRecordings(provider, prefix);
      if (!recordings) {
        std::puts("google: SKIPPED, there are no recordings here (see PORTOLAN_RECORDINGS)");
        GTEST_SKIP();
      }
      for (const Recording& recording : *recordings) {
        Replay(harness, recording, &kinds);
        ++replayed;
      }
    }
  }
  std::string detail;
  for (const auto& [kind, count] : kinds) detail += ", " + std::to_string(count) + " " + kind;
  std::printf("google: %zu recorded exchanges of generateContent replayed%s\n", replayed, detail.c_str());
  EXPECT_GT(replayed, 0U);
}

TEST(GoogleRecordings, Embeddings) {
  const auto recordings = LoadRecordings("gemini", "embeddings");
  if (!recordings) GTEST_SKIP();
  const Harness harness;
  for (const Recording& recording : *recordings) {
    SCOPED_TRACE(recording.name);
    const std::string model = ModelOf(recording);
    CallFacts facts = Facts(model);
    facts.operation = providers::operation::kEmbedding;
    json texts = json::array();
    for (const json& one : recording.request()["requests"])
      texts.push_back(one["content"]["parts"][0]["text"]);
    const auto sent =
        harness.EncodeText(json{{"model", model},
                                {"input", texts},
                                {"dimensions", recording.request()["requests"][0]["outputDimensionality"]}}
                               .dump(),
                           facts);
    ASSERT_FALSE(sent.error) << sent.error->message;
    EXPECT_EQ(sent.wire, recording.request());
    const auto answer = harness.DecodeOperation(recording.response().dump(), facts);
    ASSERT_FALSE(answer.error) << answer.error->message;
    ASSERT_EQ(answer.hub["data"].size(), texts.size());
    for (size_t i = 0; i < texts.size(); ++i) {
      EXPECT_EQ(answer.hub["data"][i]["embedding"], recording.response()["embeddings"][i]["values"]);
    }
    EXPECT_EQ(answer.hub["usage"]["prompt_tokens"],
              recording.response()["usageMetadata"]["promptTokenCount"]);
  }
}

TEST(GoogleRecordings, ModelsAreListed) {
  const auto recordings = LoadRecordings("gemini", "models");
  if (!recordings) GTEST_SKIP();
  const Harness harness;
  for (const Recording& recording : *recordings) {
    SCOPED_TRACE(recording.name);
    CallFacts facts;
    facts.operation = providers::operation::kListModels;
    const auto answer = harness.DecodeOperation(recording.response().dump(), facts);
    ASSERT_EQ(answer.hub.at("data").size(), recording.response().at("models").size());
    for (size_t i = 0; i < answer.hub["data"].size(); ++i) {
      json expected = recording.response()["models"][i];
      json given = answer.hub["data"][i];
      EXPECT_EQ("models/" + given["id"].get<std::string>(), expected["name"].get<std::string>());
      expected.erase("name");
      for (const char* member : {"id", "object", "created", "owned_by"}) given.erase(member);
      EXPECT_EQ(given, expected);
    }
  }
}

}  // namespace
}  // namespace portolan::conformance
