// Replays what Vertex AI was sent and what it answered through the whole gateway: for each recording a
// request in the words of a caller's dialect must come to the recorded request, at the recorded path, and the
// recorded answer to what the independent extractors read out of it.

#include <gtest/gtest.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/conformance/google_oracle.h"
#include "tests/conformance/recordings.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::conformance {
namespace {

using nlohmann::json;
using test::FakeUpstream;
using test::SeenRequest;
using test::TestAnswer;
using test::TestClient;

// `/projects/…`: recordings were made with one version of the API or the other, and some with parameters that
// only say in which form the answer comes.
std::string PlaceOf(const std::string& url) {
  const size_t begin = url.find("/projects/");
  return url.substr(begin, url.find('?') - begin);
}

std::string ModelOf(const Recording& recording) {
  const std::string place = PlaceOf(recording.exchange.at("request").at("url").get<std::string>());
  const size_t begin = place.find("/models/") + 8;
  return place.substr(begin, place.rfind(':') - begin);
}

std::string RegionOf(const Recording& recording) {
  const std::string place = PlaceOf(recording.exchange.at("request").at("url").get<std::string>());
  const size_t begin = place.find("/locations/") + 11;
  return place.substr(begin, place.find('/', begin) - begin);
}

test::Script AnswerOf(const Recording& recording) {
  const json& body = recording.response();
  std::string type = recording.exchange.at("response").at("headers").value("content-type", "");
  return test::Respond(recording.status(), body.is_string() ? body.get<std::string>() : body.dump(),
                       {{"Content-Type", type}});
}

struct Replayed {
  SeenRequest seen;
  TestAnswer answer;
};

Replayed Send(const Recording& recording, const std::string& path, const json& body) {
  const FakeUpstream upstream([&](const SeenRequest&) { return AnswerOf(recording); });
  test::GatewayFixture gateway;
  TestClient client(gateway.http_address());
  Replayed replayed;
  replayed.answer = client.Post(path, body.dump(),
                                {{"x-portolan-provider", "vertex-ai"},
                                 {"x-portolan-custom-host", upstream.url()},
                                 {"x-portolan-vertex-project-id", "example-project"},
                                 {"x-portolan-vertex-region", RegionOf(recording)},
                                 {"authorization", "Bearer ya29.token"}});
  const auto requests = upstream.requests();
  EXPECT_EQ(requests.size(), 1u) << replayed.answer.body;
  if (!requests.empty()) replayed.seen = requests[0];
  EXPECT_EQ(PlaceOf(replayed.seen.target),
            PlaceOf(recording.exchange.at("request").at("url").get<std::string>()));
  EXPECT_EQ(replayed.seen.Header("authorization"), "Bearer ya29.token");
  return replayed;
}

// The recordings of some kind; empty, and said so, where there are none.
std::vector<Recording> Recordings(std::string_view prefix) {
  auto recordings = LoadRecordings("vertex", prefix);
  if (!recordings) std::puts("vertex: SKIPPED, there are no recordings here (see PORTOLAN_RECORDINGS)");
  return recordings ? *std::move(recordings) : std::vector<Recording>();
}

json WithoutMimeTypes(json request) {
  for (json& content : request["contents"]) {
    for (json& part : content["parts"]) {
      if (part.contains("fileData")) part["fileData"].erase("mimeType");
    }
  }
  return request;
}

TEST(VertexRecordings, Gemini) {
  for (const bool stream : {false, true}) {
    for (const Recording& recording : Recordings(stream ? "streamgeneratecontent" : "generatecontent")) {
      SCOPED_TRACE(recording.name);
      json hub = HubRequestForGoogle(ModelOf(recording), recording.request());
      hub["stream"] = stream;
      const Replayed replayed = Send(recording, "/v1/chat/completions", hub);
      EXPECT_EQ(replayed.answer.status, recording.status());
      EXPECT_EQ(WithoutMimeTypes(NormalisedGoogle(json::parse(replayed.seen.body))),
                WithoutMimeTypes(NormalisedGoogle(recording.request())));
      EXPECT_EQ(replayed.seen.body.find("\"id\""), std::string::npos);
      if (stream) {
        EXPECT_TRUE(replayed.answer.body.ends_with("data: [DONE]\n\n"));
      } else {
        EXPECT_EQ(SummaryOfHub(json::parse(replayed.answer.body)), ExpectedOfGoogle(recording.response()));
      }
    }
  }
}

// Callers of Anthropic's dialect: the request comes to the recorded one, the answer is passed on byte by
// byte.
TEST(VertexRecordings, Claude) {
  for (const char* kind : {"rawpredict", "streamrawpredict"}) {
    for (const Recording& recording : Recordings(kind)) {
      SCOPED_TRACE(recording.name);
      json body = recording.request();
      body.erase("anthropic_version");
      body["model"] = ModelOf(recording);
      const Replayed replayed = Send(recording, "/v1/messages", body);
      EXPECT_EQ(json::parse(replayed.seen.body), recording.request());
      const json& answer = recording.response();
      EXPECT_EQ(replayed.answer.body, answer.is_string() ? answer.get<std::string>() : answer.dump());
    }
  }
}

// Callers of OpenAI's dialect get what was said.
TEST(VertexRecordings, ClaudeForOthers) {
  for (const Recording& recording : Recordings("rawpredict")) {
    SCOPED_TRACE(recording.name);
    const Replayed replayed = Send(recording, "/v1/chat/completions",
                                   {{"model", ModelOf(recording)},
                                    {"max_tokens", recording.request()["max_tokens"]},
                                    {"messages", {{{"role", "user"}, {"content", "hi"}}}}});
    EXPECT_EQ(json::parse(replayed.seen.body)["anthropic_version"], recording.request()["anthropic_version"]);
    const json choice = json::parse(replayed.answer.body)["choices"][0];
    const json& block = recording.response()["content"][0];
    EXPECT_EQ(choice["message"]["tool_calls"][0]["id"], block["id"]);
    EXPECT_EQ(json::parse(choice["message"]["tool_calls"][0]["function"]["arguments"].get<std::string>()),
              block["input"]);
  }
}

TEST(VertexRecordings, PredictedEmbeddings) {
  for (const Recording& recording : Recordings("predict")) {
    SCOPED_TRACE(recording.name);
    const json& request = recording.request();
    json texts = json::array();
    for (const json& instance : request["instances"]) texts.push_back(instance["content"]);
    const Replayed replayed = Send(recording, "/v1/embeddings",
                                   {{"model", ModelOf(recording)},
                                    {"input", texts},
                                    {"dimensions", request["parameters"]["outputDimensionality"]}});
    EXPECT_EQ(json::parse(replayed.seen.body), request);
    const json answer = json::parse(replayed.answer.body);
    const json& predictions = recording.response()["predictions"];
    ASSERT_EQ(answer["data"].size(), predictions.size());
    int64_t tokens = 0;
    for (size_t i = 0; i < predictions.size(); ++i) {
      EXPECT_EQ(answer["data"][i]["embedding"], predictions[i]["embeddings"]["values"]);
      EXPECT_EQ(answer["data"][i]["index"], i);
      tokens += predictions[i]["embeddings"]["statistics"]["token_count"].get<int64_t>();
    }
    EXPECT_EQ(answer["usage"]["prompt_tokens"], tokens);
  }
}

TEST(VertexRecordings, EmbeddingsOfOneText) {
  for (const Recording& recording : Recordings("embeddings")) {
    SCOPED_TRACE(recording.name);
    const Replayed replayed =
        Send(recording, "/v1/embeddings",
             {{"model", ModelOf(recording)}, {"input", recording.request()["content"]["parts"][0]["text"]}});
    EXPECT_EQ(json::parse(replayed.seen.body), recording.request());
    const json answer = json::parse(replayed.answer.body);
    ASSERT_EQ(answer["data"].size(), 1u);
    EXPECT_EQ(answer["data"][0]["embedding"], recording.response()["embedding"]["values"]);
    EXPECT_EQ(answer["usage"]["prompt_tokens"], recording.response()["usageMetadata"]["promptTokenCount"]);
  }
}

}  // namespace
}  // namespace portolan::conformance
