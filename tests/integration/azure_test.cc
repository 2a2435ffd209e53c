// Azure behind the doors: what each of its APIs is sent, and what is made of its answers' oddities.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/integration/support/azure_testing.h"
#include "tests/integration/support/route_caller.h"
#include "tests/support/eventually.h"

namespace portolan::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kMessages[] = R"([{"role":"user","content":"hi"}])";
// As the recordings have it: before the first word, with everything that is a name empty.
constexpr char kFilterChunk[] =
    R"(data: {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":)"
    R"([{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]})"
    "\n\n";
constexpr char kWordChunk[] =
    R"(data: {"choices":[{"content_filter_results":{},"delta":{"content":"Hello","role":"assistant"},)"
    R"("finish_reason":null,"index":0,"logprobs":null}],"created":1,"id":"c","model":"m",)"
    R"("object":"chat.completion.chunk","system_fingerprint":null})"
    "\n\n";
constexpr char kLastChunk[] =
    R"(data: {"choices":[{"content_filter_results":{},"delta":{},"finish_reason":"stop","index":0}],)"
    R"("created":1,"id":"c","model":"m","object":"chat.completion.chunk"})"
    "\n\n";
constexpr char kUsageChunk[] =
    R"(data: {"choices":[],"created":1,"id":"c","model":"m","object":"chat.completion.chunk",)"
    R"("usage":{"completion_tokens":2,"prompt_tokens":3,"total_tokens":5}})"
    "\n\n";

class AzureOpenAi : public ::testing::Test {
 protected:
  TestAnswer Post(const std::string& path, const std::string& body, Headers headers = {}) {
    headers.emplace_back("x-portolan-provider", provider_);
    return client_.Post(path, body, headers);
  }
  SeenRequest Last() const { return lab_.Last(); }

  std::string provider_ = "azure-openai";
  AzureLab lab_{"az-key"};
  TestClient client_{lab_.gateway().http_address()};
};

TEST_F(AzureOpenAi, BodiesArePassedOnAsTheyAre) {
  const std::string body =
      R"({"messages":)" + std::string(kMessages) + R"( ,"model":"gpt-4o","data_sources" : [1.50]})";
  const Headers dated = {{"x-portkey-azure-api-version", "2024-10-21"},
                         {"x-portkey-azure-deployment-id", "dep-1"}};
  ASSERT_EQ(Post("/v1/chat/completions", body, dated).status, 200);
  EXPECT_EQ(Last().target, "/openai/deployments/dep-1/chat/completions?api-version=2024-10-21");
  EXPECT_EQ(Last().body, body);
  EXPECT_EQ(Last().Header("api-key"), "az-key");
  EXPECT_EQ(Last().CountHeader("authorization"), 0);
  ASSERT_EQ(Post("/v1/chat/completions", body).status, 200);
  EXPECT_EQ(Last().target, "/openai/v1/chat/completions");
  EXPECT_EQ(Last().body, body);
  // The deployment's name is the one thing that changes.
  ASSERT_EQ(Post("/v1/chat/completions", body, {{"x-portkey-azure-deployment-id", "dep-1"}}).status, 200);
  EXPECT_EQ(Last().body,
            R"({"messages":)" + std::string(kMessages) + R"( ,"model":"dep-1","data_sources" : [1.50]})");
}

TEST_F(AzureOpenAi, AConfigSaysTheOptionsInPortkeysWords) {
  const std::string config =
      R"({"provider":"azure-openai","resource_name":"acme","deployment_id":"dep-1","api_version":"2024-10-21"})";
  ASSERT_EQ(Post("/v1/chat/completions", R"({"messages":)" + std::string(kMessages) + "}",
                 {{"x-portolan-config", config}})
                .status,
            200);
  EXPECT_EQ(Last().target, "/openai/deployments/dep-1/chat/completions?api-version=2024-10-21");
}

TEST_F(AzureOpenAi, OtherDialectsAreTranslated) {
  const RouteCaller caller(lab_.gateway());
  for (RouteCall call : AtBothDoors({.headers = {{"x-portolan-provider", "azure-openai"},
                                                 {"x-portolan-azure-api-version", "2024-10-21"}}})) {
    const RouteAnswer answer = caller.Call(call);
    EXPECT_EQ(answer.text, "Hello") << Describe(call) << answer.body << answer.message;
    EXPECT_EQ(Last().target, "/openai/deployments/m/chat/completions?api-version=2024-10-21");
  }
  const TestAnswer answer =
      Post("/v1/messages", R"({"model":"gpt-4o","max_tokens":9,"messages":)" + std::string(kMessages) + "}");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(json::parse(answer.body)["content"][0]["text"], "Hello");
  EXPECT_EQ(Last().target, "/openai/v1/chat/completions");
}

TEST_F(AzureOpenAi, EverythingElseIsRelayed) {
  const std::string body = R"({"model":"gpt-5", "input":"hi"})";
  ASSERT_EQ(Post("/v1/responses?include=x", body).status, 200);
  EXPECT_EQ(Last().target, "/openai/v1/responses?include=x");
  EXPECT_EQ(Last().body, body);
  EXPECT_EQ(Last().Header("api-key"), "az-key");
  const Headers dated = {{"x-portolan-provider", "azure-openai"},
                         {"x-portolan-azure-api-version", "2025-04-01-preview"},
                         {"x-portolan-azure-deployment-id", "whisper"}};
  client_.Get("/v1/files?limit=2", dated);
  EXPECT_EQ(Last().method, "GET");
  EXPECT_EQ(Last().target, "/openai/files?api-version=2025-04-01-preview&limit=2");
  Headers form = dated;
  form.emplace_back("content-type", "multipart/form-data; boundary=b");
  const std::string parts = "--b\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--\r\n";
  client_.Post("/v1/audio/transcriptions", parts, form);
  EXPECT_EQ(Last().target, "/openai/deployments/whisper/audio/transcriptions?api-version=2025-04-01-preview");
  EXPECT_EQ(Last().body, parts);
}

TEST_F(AzureOpenAi, ItsOwnSdkMayCallTheGateway) {
  // openai 6.49, `new AzureOpenAI({baseURL: 'http://gateway/v1', apiKey, apiVersion, deployment})`.
  const TestAnswer answer = client_.Post("/v1/deployments/dep-1/chat/completions?api-version=2024-10-21",
                                         R"({"model":"gpt-4o","messages":)" + std::string(kMessages) + "}",
                                         {{"api-key", "own"},
                                          {"x-portolan-provider", "azure-openai"},
                                          {"x-portolan-custom-host", lab_.models().url() + "/openai"}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Last().target, "/openai/deployments/dep-1/chat/completions?api-version=2024-10-21");
  EXPECT_EQ(Last().Header("api-key"), "own");
}

TEST_F(AzureOpenAi, NothingIsSentWhereAnAddressCouldBeChanged) {
  for (const char* option : {"x-portolan-azure-deployment-id", "x-portolan-azure-api-version"}) {
    for (const char* value : {"evil.example/#", "a/../b", "a%0d%0ax: y", "a b", "a?b"}) {
      const TestAnswer answer = AskAzure(lab_.gateway(), {{option, value}});
      EXPECT_EQ(answer.status, 400) << option << value;
      EXPECT_EQ(ErrorCode(answer), "invalid_option");
    }
  }
  EXPECT_TRUE(lab_.models().requests().empty());
  // A resource is looked at where Azure itself is called.
  GatewayFixture gateway({}, {{"AZURE_OPENAI_API_KEY", "k"}});
  for (const char* value : {"evil.example/#", "https://evil.example", "a@evil.example"}) {
    const TestAnswer answer = AskAzure(gateway, {{"x-portkey-azure-resource-name", value}});
    EXPECT_EQ(answer.status, 400) << value;
    EXPECT_EQ(ErrorCode(answer), "invalid_option");
  }
  EXPECT_EQ(ErrorCode(AskAzure(gateway)), "missing_option");
}

// learn.microsoft.com/azure/foundry/openai/how-to/content-filters; `innererror` tells which filter it was.
TEST(AzureAnswers, ErrorsOfTheContentFilterComeAsTheyAre) {
  const std::string body =
      R"({"error":{"message":"The response was filtered.","type":null,"param":"prompt","code":"content_filter",)"
      R"("status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":)"
      R"({"jailbreak":{"detected":true,"filtered":true}}}}})";
  AzureLab lab("az-key", EntraTokens(), [&](const SeenRequest&) { return RespondJson(400, body); });
  const TestAnswer answer = AskAzure(lab.gateway());
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, body);
  EXPECT_THAT(answer.Header("x-portolan-error"), HasSubstr("content_filter"));
}

TEST(AzureAnswers, ErrorsOfItsGatewayAreSaidInOpenAisWords) {
  AzureLab lab("az-key", EntraTokens(), [](const SeenRequest&) {
    return RespondJson(401, R"({ "statusCode": 401, "message": "Access denied due to missing key." })");
  });
  const TestAnswer answer = AskAzure(lab.gateway());
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(json::parse(answer.body)["error"]["message"], "Access denied due to missing key.");
}

TEST(AzureAnswers, ItsWaitInMillisecondsIsKept) {
  AzureLab lab(
      "az-key", EntraTokens(),
      InSequence(
          {Respond(429, R"({"error":{"code":"429","message":"slow down"}})",
                   {{"Content-Type", "application/json"}, {"retry-after", "50"}, {"retry-after-ms", "7"}}),
           RespondJson(200, R"({"choices":[]})")}));
  const TestAnswer answer = AskAzure(
      lab.gateway(),
      {{"x-portolan-config",
        R"({"provider":"azure-openai","retry":{"attempts":1,"use_retry_after_header":true,"base_ms":0}})"}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(lab.models().requests().size(), 2u);
}

class AzureStreams : public ::testing::Test {
 protected:
  static constexpr char kBody[] =
      R"({"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"hi"}]})";
};

TEST_F(AzureStreams, ComeAsTheyAre) {
  const std::string events = std::string(kFilterChunk) + kWordChunk + kLastChunk + "data: [DONE]\n\n";
  AzureLab lab("az-key", EntraTokens(), [&](const SeenRequest&) { return RespondEvents({events}); });
  TestClient client(lab.gateway().http_address());
  const TestAnswer answer =
      client.Post("/v1/chat/completions", kBody,
                  {{"x-portolan-provider", "azure-openai"}, {"x-portolan-azure-api-version", "2024-02-01"}});
  EXPECT_EQ(answer.body, events);
  EXPECT_EQ(lab.Last().body, kBody);
}

// The chunk before the first word is not content: another target may still answer.
TEST_F(AzureStreams, FallBackAfterTheFirstChunkOfAll) {
  AzureLab lab("az-key", EntraTokens(), [](const SeenRequest& request) {
    if (request.target.starts_with("/other/"))
      return RespondEvents({kWordChunk, kLastChunk, "data: [DONE]\n\n"});
    return RespondEvents({kFilterChunk, "data: {\"error\":{\"code\":\"500\",\"message\":\"broke\"}}\n\n"});
  });
  TestClient client(lab.gateway().http_address());
  const TestAnswer answer = client.Post(
      "/v1/chat/completions", kBody,
      {{"x-portolan-config",
        R"({"strategy":{"mode":"fallback"},"targets":[{"provider":"azure-openai"},{"provider":"other"}]})"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, std::string(kWordChunk) + kLastChunk + "data: [DONE]\n\n");
  EXPECT_EQ(lab.models().requests().size(), 2u);
}

// Azure takes stream_options since 2024-09-01-preview.
TEST_F(AzureStreams, AreCountedWhereTheyCanBe) {
  const std::string words = std::string(kFilterChunk) + kWordChunk + kLastChunk;
  AzureLab lab(
      "az-key", EntraTokens(),
      [&](const SeenRequest& request) {
        const bool asked = request.body.find("include_usage") != std::string::npos;
        return RespondEvents({words, asked ? kUsageChunk : "", "data: [DONE]\n\n"});
      },
      {},
      "  counted: {base_url: \"{models}/openai\", dialect: azure-openai, stream_usage: true, "
      "api_key: \"env:KEY\"}\n");
  TestClient client(lab.gateway().http_address());
  const auto ask = [&](const std::string& version) {
    return client
        .Post("/v1/chat/completions", kBody,
              {{"x-portolan-provider", "counted"}, {"x-portolan-azure-api-version", version}})
        .body;
  };
  // Who has not asked does not see it.
  EXPECT_EQ(ask("2024-02-01"), words + "data: [DONE]\n\n");
  EXPECT_EQ(lab.Last().body, kBody);
  EXPECT_EQ(ask("2024-10-21"), words + "data: [DONE]\n\n");
  EXPECT_THAT(lab.Last().body, HasSubstr(R"("stream_options":{"include_usage":true})"));
  EXPECT_TRUE(Eventually([&] { return TestClient(lab.gateway().admin_address()).Get("/metrics").body; },
                         HasSubstr("kind=\"output\"} 2\n")));
}

TEST(AzureAi, ClaudeIsRelayedFromTheMessagesDoor) {
  AzureLab lab("az-key");
  TestClient client(lab.gateway().http_address());
  const std::string body = R"({"max_tokens":9, "model":"claude-opus-4-1", "messages":)" +
                           std::string(kMessages) + R"(,"not_known_yet" : {"a":[1.50]}})";
  const TestAnswer answer =
      client.Post("/v1/messages", body, {{"x-portolan-provider", "azure-ai"}, {"anthropic-beta", "b-1"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(lab.Last().target, "/anthropic/v1/messages");
  EXPECT_EQ(lab.Last().body, body);
  EXPECT_EQ(lab.Last().Header("x-api-key"), "az-key");
  EXPECT_EQ(lab.Last().CountHeader("api-key"), 0);
  EXPECT_EQ(lab.Last().CountHeader("authorization"), 0);
  EXPECT_EQ(lab.Last().Header("anthropic-version"), "2023-06-01");
  EXPECT_EQ(lab.Last().Header("anthropic-beta"), "b-1");
}

TEST(AzureAi, ClaudeIsTranslatedForOthers) {
  AzureLab lab("az-key");
  const RouteCaller caller(lab.gateway());
  for (RouteCall call :
       AtBothDoors({.headers = {{"x-portolan-provider", "azure-ai"}}, .model = "claude-opus-4-1"})) {
    const RouteAnswer answer = caller.Call(call);
    EXPECT_EQ(answer.text, "Hello") << Describe(call) << answer.body << answer.message;
    EXPECT_EQ(lab.Last().target, "/anthropic/v1/messages");
    EXPECT_EQ(json::parse(lab.Last().body)["model"], "claude-opus-4-1");
  }
}

TEST(AzureAi, ModelsAreCalledAtEitherApi) {
  AzureLab lab("az-key");
  TestClient client(lab.gateway().http_address());
  const std::string body = R"({"model":"grok-4","messages":)" + std::string(kMessages) + "}";
  client.Post("/v1/chat/completions", body, {{"x-portolan-provider", "azure-ai"}});
  EXPECT_EQ(lab.Last().target, "/openai/v1/chat/completions");
  EXPECT_EQ(lab.Last().CountHeader("extra-parameters"), 0);
  EXPECT_EQ(lab.Last().CountHeader("anthropic-version"), 0);
  client.Post("/v1/chat/completions", body,
              {{"x-portkey-provider", "azure-ai"},
               {"x-portkey-azure-api-version", "2024-05-01-preview"},
               {"x-portkey-azure-extra-params", "pass-through"}});
  EXPECT_EQ(lab.Last().target, "/models/chat/completions?api-version=2024-05-01-preview");
  EXPECT_EQ(lab.Last().Header("extra-parameters"), "pass-through");
  EXPECT_EQ(lab.Last().Header("api-key"), "az-key");
  EXPECT_EQ(lab.Last().body, body);
}

}  // namespace
}  // namespace portolan::test
