// Recordings of what the gateway does not translate: each goes through the whole gateway as a call that is
// relayed, and path and bytes are the recorded ones at both ends. Every recording of every provider is either
// among these or replayed in its types by another test, which is held to the recordings that are there.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "providers/catalog.h"
#include "tests/conformance/replay.h"
#include "tests/conformance/replayed_by.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::conformance {
namespace {

using nlohmann::json;
using test::SeenRequest;

// How a caller reaches what was recorded.
struct Host {
  std::string provider;
  // Where the recorded path begins that is below the provider's base URL; what is before it is checked with
  // the row. Of a server of the caller's own, `custom`, it is in the host that the caller names.
  std::string base;
  bool custom = false;
};

// By the recordings' folders. What lies beside the base URL of a row is reached as a server of one's own, and
// so is version 1 of Cohere's API: below the row's base URL, which has no version, a second `/v1` is refused.
const std::map<std::string, Host>& Hosts() {
  static const std::map<std::string, Host> hosts = {
      {"alephalpha", {"openai", "", true}},
      {"anthropic", {"anthropic", "/v1"}},
      {"bedrock", {"bedrock", ""}},
      {"bedrock-mantle", {"openai", "/v1", true}},
      {"cloudflare", {"openai", "/client/v4/accounts/example-account/ai", true}},
      {"cohere", {"cohere", "/v1", true}},
      {"deepseek", {"deepseek", ""}},
      {"gemini", {"google", "/v1beta"}},
      {"mistral", {"mistral-ai", "/v1"}},
      {"ollama", {"openai", "", true}},
      {"openai", {"openai", "/v1"}},
      {"openrouter", {"openrouter", "/api/v1"}},
      {"replicate", {"replicate", "/v1"}},
      {"sagemaker", {"sagemaker", ""}},
      {"together", {"together-ai", "/v1"}},
      {"watsonx", {"watsonx", ""}},
      {"xai", {"x-ai", "/v1"}}};
  return hosts;
}

// The built-in catalog, but everybody is at this address; what they have behind their hosts stays.
providers::Catalog At(const std::string& address) {
  providers::Catalog catalog = providers::BuiltInCatalog();
  for (providers::Provider& provider : catalog.providers) {
    const size_t host = provider.base_url.find("://");
    if (host == std::string::npos) continue;
    const size_t path = provider.base_url.find('/', host + 3);
    provider.base_url = address + (path == std::string::npos ? "" : provider.base_url.substr(path));
    provider.hosts.clear();
  }
  return catalog;
}

class Recorded : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto replays = LoadReplays();
    if (!replays) GTEST_SKIP() << "there are no recordings here: set PORTOLAN_RECORDINGS to their folder";
    replays_ = *replays;
  }

  // Of a folder, by the beginning of the name; there must be some.
  std::vector<Replay> Of(std::string_view folder, std::string_view prefix) const {
    std::vector<Replay> found;
    for (const Replay& replay : replays_) {
      if (replay.provider == folder && replay.name.starts_with(prefix)) found.push_back(replay);
    }
    EXPECT_FALSE(found.empty()) << folder << "/" << prefix;
    return found;
  }

  test::TestAnswer Call(const std::string& method, const std::string& path, const std::string& body,
                        const test::Headers& headers, test::Script answer) {
    {
      const std::lock_guard lock(mutex_);
      answer_ = std::move(answer);
      seen_ = {};
    }
    test::TestClient client(gateway_.http_address());
    if (!client.Send(method, path, body, headers)) return {};
    return client.ReadAnswer();
  }

  SeenRequest seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

  std::vector<Replay> replays_;
  std::mutex mutex_;
  test::Script answer_;
  SeenRequest seen_;
  test::FakeUpstream upstream_{[this](const SeenRequest& request) {
    const std::lock_guard lock(mutex_);
    seen_ = request;
    return answer_;
  }};
  const test::GatewayFixture gateway_{{}, {}, At(upstream_.url())};
};

bool IsOfAws(const Host& host) { return host.provider == "bedrock" || host.provider == "sagemaker"; }

// Some sources have not kept it.
std::string TypeOf(const Replay& replay) {
  return replay.request_type.empty() ? "application/json" : replay.request_type;
}

test::Headers HeadersFor(const Host& host, const Replay& replay, const std::string& upstream) {
  test::Headers headers;
  if (IsOfAws(host)) {
    headers = {{"x-portolan-config", json({{"provider", host.provider},
                                           {"aws_region", "us-east-1"},
                                           {"aws_access_key_id", "AKIDEXAMPLE"},
                                           {"aws_secret_access_key", "secret"}})
                                         .dump()}};
  } else {
    // A token of IBM's, which goes as it is; to the others it is as good a key as any.
    headers = {{"x-portolan-provider", host.provider},
               {"authorization", "Bearer eyJhbGciOi.payload.signature"}};
  }
  if (host.custom) headers.emplace_back("x-portolan-custom-host", upstream + host.base);
  headers.emplace_back("content-type", TypeOf(replay));
  return headers;
}

// In how many bytes at a time an answer comes; 0: at once. One byte at a time only where that is a stream of
// text: the reader of frames has tests of its own.
std::vector<size_t> PiecesOf(const Replay& replay) {
  const std::string type = replay.content_type();
  if (replay.streams() || type.find("stream+json") != std::string::npos ||
      type.find("ndjson") != std::string::npos) {
    return {0, 7, 1};
  }
  return {0, 7};
}

class Relayed : public Recorded {
 protected:
  void Relay(const Replay& replay, const Host& host, size_t piece) {
    SCOPED_TRACE(replay.label() + ", pieces of " + std::to_string(piece));
    ASSERT_TRUE(replay.path.starts_with(host.base + "/")) << replay.path;
    const std::string path = "/v1" + replay.path.substr(host.base.size());
    const test::TestAnswer answer =
        Call(replay.method, path, replay.request, HeadersFor(host, replay, upstream_.url()),
             piece == 0 ? AnswerOf(replay, 0) : ChunkedAnswerOf(replay, piece));
    const SeenRequest request = seen();
    EXPECT_EQ(request.method, replay.method) << answer.body;
    EXPECT_EQ(request.target, replay.path);
    EXPECT_EQ(request.body, replay.request);
    EXPECT_EQ(request.Header("content-type"), TypeOf(replay));
    if (IsOfAws(host)) EXPECT_TRUE(request.Header("authorization").starts_with("AWS4-HMAC-SHA256 "));
    EXPECT_TRUE(answer.complete);
    EXPECT_EQ(answer.status, replay.status);
    EXPECT_EQ(answer.body, replay.response);
    EXPECT_EQ(answer.Header("content-type"), replay.content_type());
  }
};

TEST_F(Relayed, WhatNobodyTranslatesPassesByteForByte) {
  int relayed = 0;
  int typed = 0;
  for (const Replay& replay : replays_) {
    if (!ReplayedBy(replay).empty()) {
      ++typed;
      continue;
    }
    const auto host = Hosts().find(replay.provider);
    if (host == Hosts().end()) {
      ADD_FAILURE() << "nothing replays " << replay.label();
      continue;
    }
    for (const size_t piece : PiecesOf(replay)) Relay(replay, host->second, piece);
    ++relayed;
  }
  std::printf("recordings: %d relayed as they are, %d replayed by other tests\n", relayed, typed);
  EXPECT_GE(relayed, 40);
}

// A test that is gone, or looks for others, replays nothing.
TEST_F(Recorded, AreLoadedByTheTestsThatAreSaidTo) {
  for (const TypedReplay& typed : TypedReplays()) {
    SCOPED_TRACE(std::string(typed.folder) + "/" + std::string(typed.prefix));
    std::ifstream file("tests/conformance/" + std::string(typed.file));
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_THAT(text.str(), ::testing::HasSubstr("\"" + std::string(typed.folder) + "\""));
    if (!typed.prefix.empty()) {
      EXPECT_THAT(text.str(), ::testing::HasSubstr("\"" + std::string(typed.prefix) + "\""));
    }
    Of(typed.folder, typed.prefix);
  }
}

// OpenRouter says it as the gateway does.
TEST_F(Recorded, RerankIsPassedOnWhereItIsSaidAlike) {
  for (const Replay& replay : replays_.empty() ? replays_ : Of("openrouter", "rerank")) {
    SCOPED_TRACE(replay.label());
    const Host host = {"openrouter", "/api/v1"};
    const test::TestAnswer answer = Call("POST", "/v1/rerank", replay.request,
                                         HeadersFor(host, replay, upstream_.url()), AnswerOf(replay, 0));
    EXPECT_EQ(seen().target, replay.path);
    EXPECT_EQ(seen().body, replay.request);
    EXPECT_EQ(answer.status, replay.status);
    EXPECT_EQ(answer.body, replay.response);
  }
}

// Voyage calls two things otherwise.
TEST_F(Recorded, RerankIsTranslatedForVoyage) {
  for (const Replay& replay : replays_.empty() ? replays_ : Of("voyage", "rerank")) {
    SCOPED_TRACE(replay.label());
    const json sent = json::parse(replay.request);
    json asked = sent;
    asked["top_n"] = asked["top_k"];
    asked.erase("top_k");
    const test::TestAnswer answer =
        Call("POST", "/v1/rerank", asked.dump(), HeadersFor({"voyage", "/v1"}, replay, upstream_.url()),
             AnswerOf(replay, 0));
    EXPECT_EQ(seen().target, replay.path);
    EXPECT_EQ(json::parse(seen().body), sent);
    EXPECT_EQ(answer.Header("x-portolan-dropped"), "");
    ASSERT_EQ(answer.status, 200) << answer.body;
    const json told = json::parse(replay.response);
    const json said = json::parse(answer.body);
    ASSERT_EQ(said["results"].size(), told["data"].size());
    for (size_t i = 0; i < told["data"].size(); ++i) {
      EXPECT_EQ(said["results"][i]["index"], told["data"][i]["index"]);
      EXPECT_EQ(said["results"][i]["relevance_score"], told["data"][i]["relevance_score"]);
    }
    EXPECT_EQ(said["usage"]["total_tokens"], told["usage"]["total_tokens"]);
  }
}

// The recorded call was one of an older path, and of one text that is not in a list.
TEST_F(Recorded, EmbeddingIsTranslatedForHuggingFace) {
  for (const Replay& replay : replays_.empty() ? replays_ : Of("huggingface", "embeddings")) {
    SCOPED_TRACE(replay.label());
    const std::string folder = "/feature-extraction/";
    const std::string model = replay.path.substr(replay.path.find(folder) + folder.size());
    const json text = json::parse(replay.request)["inputs"];
    const test::TestAnswer answer =
        Call("POST", "/v1/embeddings", json({{"model", model}, {"input", text}}).dump(),
             HeadersFor({"huggingface", ""}, replay, upstream_.url()), AnswerOf(replay, 0));
    EXPECT_TRUE(seen().target.ends_with(model + "/pipeline/feature-extraction")) << seen().target;
    EXPECT_EQ(json::parse(seen().body)["inputs"], json::array({text}));
    ASSERT_EQ(answer.status, 200) << answer.body;
    const json said = json::parse(answer.body);
    ASSERT_EQ(said["data"].size(), 1U);
    EXPECT_EQ(said["data"][0]["embedding"], json::parse(replay.response));
  }
}

}  // namespace
}  // namespace portolan::conformance
