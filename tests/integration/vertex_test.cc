// Vertex AI behind the doors: what each kind of model is sent.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/flags.h"
#include "server/settings.h"
#include "tests/integration/support/route_caller.h"
#include "tests/integration/support/vertex_testing.h"
#include "tests/support/service_account.h"

namespace portolan::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kMessages[] = R"([{"role":"user","content":"hi"}])";

class Vertex : public ::testing::Test {
 protected:
  SeenRequest Last() const { return lab_.models().requests().back(); }
  TestAnswer Post(const std::string& path, const std::string& body, Headers headers = {}) {
    headers.emplace_back("x-portolan-provider", "vertex-ai");
    headers.emplace_back("x-portolan-vertex-region", "us-east5");
    return client_.Post(path, body, headers);
  }

  VertexLab lab_{Tokens()};
  TestClient client_{lab_.gateway().http_address()};
};

constexpr char kProject[] = "/projects/example-project/locations/us-east5/";

TEST_F(Vertex, GeminiIsSentNoIdsOfCalls) {
  const std::string turns =
      R"([{"role":"user","content":"hi"},)"
      R"({"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},)"
      R"({"role":"tool","tool_call_id":"c1","content":"{\"a\":1}"}])";
  // A model whose calls have ids on the Gemini API.
  const TestAnswer answer =
      Post("/v1/chat/completions", R"({"model":"gemini-3-pro-preview","messages":)" + turns + "}");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Last().target,
            std::string("/v1") + kProject + "publishers/google/models/gemini-3-pro-preview:generateContent");
  const json contents = json::parse(Last().body)["contents"];
  EXPECT_EQ(contents[1]["parts"][0]["functionCall"], json::parse(R"({"name":"f","args":{}})"));
  EXPECT_EQ(contents[2]["parts"][0]["functionResponse"], json::parse(R"({"name":"f","response":{"a":1}})"));
}

TEST_F(Vertex, ClaudeIsRelayedFromTheMessagesDoor) {
  const std::string body = R"({"max_tokens":9, "model":"claude-opus-4-1",)"
                           R"( "messages":)" +
                           std::string(kMessages) + R"(,"not_known_yet" : {"a":[1.50]}, "stream":false})";
  const TestAnswer answer =
      Post("/v1/messages?beta=true", body, {{"anthropic-beta", "b-1"}, {"anthropic-version", "2023-06-01"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(json::parse(answer.body)["content"][0]["text"], "Hello");
  EXPECT_EQ(Last().target,
            std::string("/v1") + kProject + "publishers/anthropic/models/claude-opus-4-1:rawPredict");
  EXPECT_EQ(Last().Header("anthropic-beta"), "b-1");
  EXPECT_EQ(Last().CountHeader("anthropic-version"), 0);
  EXPECT_EQ(Last().CountHeader("x-api-key"), 0);
  EXPECT_EQ(Last().Header("authorization"), "Bearer token-1");
  // Every other byte is as it came.
  EXPECT_THAT(Last().body, HasSubstr(R"("not_known_yet" : {"a":[1.50]})"));
  EXPECT_EQ(json::parse(Last().body),
            json::parse(R"({"max_tokens":9,"messages":[{"role":"user","content":"hi"}],"stream":false,)"
                        R"("not_known_yet":{"a":[1.50]},"anthropic_version":"vertex-2023-10-16"})"));
}

TEST_F(Vertex, ClaudesStreamsAreRelayedToo) {
  const TestAnswer answer = Post("/v1/messages", R"({"model":"anthropic/claude-opus-4-1","max_tokens":9,)"
                                                 R"("stream":true,"messages":)" +
                                                     std::string(kMessages) + "}");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("event: message_stop"));
  EXPECT_EQ(Last().target,
            std::string("/v1") + kProject + "publishers/anthropic/models/claude-opus-4-1:streamRawPredict");
  EXPECT_EQ(json::parse(Last().body)["stream"], true);
  EXPECT_FALSE(json::parse(Last().body).contains("model"));
}

TEST_F(Vertex, TokensAreCountedByClaude) {
  const TestAnswer answer = Post("/v1/messages/count_tokens",
                                 R"({"model":"claude-opus-4-1","messages":)" + std::string(kMessages) + "}");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Last().target,
            std::string("/v1") + kProject + "publishers/anthropic/models/count-tokens:rawPredict");
  EXPECT_EQ(Last().body, R"({"model":"claude-opus-4-1","messages":)" + std::string(kMessages) + "}");
}

TEST_F(Vertex, ClaudeIsTranslatedForOthers) {
  const RouteCaller caller(lab_.gateway());
  for (RouteCall call : AtBothDoors(
           {.headers = {{"x-portolan-provider", "vertex-ai"}, {"x-portolan-vertex-region", "us-east5"}},
            .model = "claude-3-7-sonnet@20250219"})) {
    const RouteAnswer answer = caller.Call(call);
    EXPECT_EQ(answer.text, "Hello") << Describe(call) << answer.body << answer.message;
    EXPECT_EQ(Last().target, std::string("/v1") + kProject +
                                 "publishers/anthropic/models/claude-3-7-sonnet@20250219:" +
                                 (call.stream ? "streamRawPredict" : "rawPredict"));
    const json body = json::parse(Last().body);
    EXPECT_FALSE(body.contains("model"));
    EXPECT_EQ(body["anthropic_version"], "vertex-2023-10-16");
    EXPECT_EQ(body.value("stream", false), call.stream);
  }
}

TEST_F(Vertex, OpenModelsAreRelayed) {
  const std::string body = R"({"model":"meta/llama-3.3-70b-instruct-maas" ,"messages":)" +
                           std::string(kMessages) + R"(, "later":1})";
  EXPECT_EQ(Post("/v1/chat/completions", body).status, 200);
  EXPECT_EQ(Last().target, std::string("/v1beta1") + kProject + "endpoints/openapi/chat/completions");
  EXPECT_EQ(Last().body, body);
  EXPECT_EQ(
      Post("/v1/chat/completions", R"({"model":"endpoints.123","messages":)" + std::string(kMessages) + "}")
          .status,
      200);
  EXPECT_EQ(Last().target, std::string("/v1beta1") + kProject + "endpoints/123/chat/completions");
  EXPECT_EQ(Last().body, R"({"messages":)" + std::string(kMessages) + "}");
  // Callers of Anthropic's dialect are translated.
  const TestAnswer answer =
      Post("/v1/messages", R"({"model":"meta/llama-3.3-70b-instruct-maas","max_tokens":9,"messages":)" +
                               std::string(kMessages) + "}");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(json::parse(answer.body)["content"][0]["text"], "Hello");
  EXPECT_EQ(Last().target, std::string("/v1beta1") + kProject + "endpoints/openapi/chat/completions");
}

// cloud.google.com/vertex-ai/generative-ai/docs/partner-models/mistral: Mistral's own body, model and all.
TEST_F(Vertex, MistralIsAskedAtItsPublishersPlaceInItsOwnWords) {
  const RouteCaller caller(lab_.gateway());
  for (RouteCall call : AtBothDoors(
           {.headers = {{"x-portolan-provider", "vertex-ai"}, {"x-portolan-vertex-region", "us-east5"}},
            .model = "mistralai/mistral-medium-3"})) {
    const RouteAnswer answer = caller.Call(call);
    EXPECT_EQ(answer.text, "Hello") << Describe(call) << answer.body << answer.message;
    EXPECT_EQ(Last().target, std::string("/v1") + kProject + "publishers/mistralai/models/mistral-medium-3:" +
                                 (call.stream ? "streamRawPredict" : "rawPredict"));
    const json body = json::parse(Last().body);
    EXPECT_EQ(body["model"], "mistral-medium-3");
    EXPECT_EQ(body.value("stream", false), call.stream);
    EXPECT_FALSE(body.contains("stream_options"));
  }
  const TestAnswer answer = Post(
      "/v1/chat/completions",
      R"({"model":"mistral-large@2407","seed":4,"max_completion_tokens":9,"tool_choice":"required","user":"u",)"
      R"("tools":[{"type":"function","function":{"name":"f"}}],"messages":)" +
          std::string(kMessages) + "}");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Last().target,
            std::string("/v1") + kProject + "publishers/mistralai/models/mistral-large@2407:rawPredict");
  // The version stands in the path alone.
  EXPECT_EQ(
      json::parse(Last().body),
      json::parse(
          R"({"model":"mistral-large","random_seed":4,"max_tokens":9,"tool_choice":"any","tools":[{"type":)"
          R"("function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}],"messages":)" +
          std::string(kMessages) + "}"));
  EXPECT_EQ(answer.Header("x-portolan-dropped"), "user");
  // Callers of Anthropic's dialect are translated.
  const TestAnswer message =
      Post("/v1/messages",
           R"({"model":"mistral-medium-3","max_tokens":9,"messages":)" + std::string(kMessages) + "}");
  ASSERT_EQ(message.status, 200) << message.body;
  EXPECT_EQ(json::parse(message.body)["content"][0]["text"], "Hello");
}

TEST(VertexMistral, IsReadWithItsChunks) {
  VertexLab lab(Tokens(), [](const SeenRequest&) {
    return RespondJson(
        200, R"({"id":"1","object":"chat.completion","created":1,"model":"mistral-medium-3","choices":[{)"
             R"("index":0,"finish_reason":"model_length","message":{"role":"assistant","content":[{"type":)"
             R"("thinking","thinking":[{"type":"text","text":"Hm."}]},{"type":"text","text":"Hello"}]}}],)"
             R"("usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})");
  });
  const TestAnswer answer = AskVertex(lab.gateway(), {}, "mistral-medium-3");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json choice = json::parse(answer.body)["choices"][0];
  EXPECT_EQ(choice["message"]["content"], "Hello");
  EXPECT_EQ(choice["message"]["reasoning_content"], "Hm.");
  EXPECT_EQ(choice["finish_reason"], "length");
}

// Fill in the middle, at the same place.
TEST_F(Vertex, CodestralFillsInTheMiddle) {
  for (const bool stream : {false, true}) {
    const TestAnswer answer = Post("/v1/completions", json{{"model", "mistralai/codestral-2@001"},
                                                           {"prompt", "def f("},
                                                           {"suffix", "return a"},
                                                           {"seed", 4},
                                                           {"stream", stream}}
                                                          .dump());
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(Last().target, std::string("/v1") + kProject + "publishers/mistralai/models/codestral-2@001:" +
                                 (stream ? "streamRawPredict" : "rawPredict"));
    json sent = json::parse(Last().body);
    EXPECT_EQ(sent.value("stream", false), stream);
    sent.erase("stream");
    EXPECT_EQ(sent, json::parse(
                        R"({"model":"codestral-2","prompt":"def f(","suffix":"return a","random_seed":4})"));
    EXPECT_THAT(answer.body, HasSubstr("text_completion"));
    EXPECT_THAT(answer.body, HasSubstr(R"("text":"Hello")"));
  }
  // Other models have no such way, and are asked in a chat.
  const TestAnswer other = Post("/v1/completions", R"({"model":"mistral-medium-3","prompt":"a"})");
  ASSERT_EQ(other.status, 200) << other.body;
  EXPECT_EQ(json::parse(Last().body)["messages"], json::parse(R"([{"role":"user","content":"a"}])"));
  const TestAnswer refused =
      Post("/v1/completions", R"({"model":"mistral-medium-3","prompt":"a","suffix":"b"})");
  EXPECT_EQ(refused.status, 400) << refused.body;
}

TEST_F(Vertex, JambaIsRelayedToItsPublishersPlace) {
  const TestAnswer answer =
      Post("/v1/chat/completions",
           R"({"model":"ai21/jamba-1.5-mini@001" ,"messages":)" + std::string(kMessages) + R"(, "later":1})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Last().target,
            std::string("/v1") + kProject + "publishers/ai21/models/jamba-1.5-mini@001:rawPredict");
  EXPECT_EQ(Last().body,
            R"({"model":"jamba-1.5-mini@001" ,"messages":)" + std::string(kMessages) + R"(, "later":1})");
}

TEST_F(Vertex, NothingIsSentWhereAnAddressCouldBeChanged) {
  for (const char* option : {"x-portolan-vertex-project-id", "x-portolan-vertex-region"}) {
    for (const char* value : {"evil.example/#", "a/../b", "a%0d%0ax: y", "a b", "a?b"}) {
      const TestAnswer answer = AskVertex(lab_.gateway(), {{option, value}});
      EXPECT_EQ(answer.status, 400) << option << value;
      EXPECT_EQ(CodeOf(answer), "invalid_option");
    }
  }
  EXPECT_TRUE(lab_.models().requests().empty());
  EXPECT_TRUE(lab_.tokens().requests().empty());
}

TEST_F(Vertex, AModelIsNeeded) {
  const TestAnswer answer = Post("/v1/chat/completions", R"({"messages":)" + std::string(kMessages) + "}");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(CodeOf(answer), "missing_value");
  EXPECT_EQ(json::parse(answer.body)["error"]["param"], "model");
}

TEST_F(Vertex, AccessTokensOfCallersAreSentAsTheyAre) {
  // To a host that they name; the gateway's own key is for the gateway's own.
  const TestAnswer answer = AskVertex(lab_.gateway(), {{"x-portolan-custom-host", lab_.models().url()},
                                                       {"x-portolan-vertex-project-id", "theirs"},
                                                       {"authorization", "Bearer ya29.theirs"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Last().Header("authorization"), "Bearer ya29.theirs");
  EXPECT_THAT(Last().target, HasSubstr("/v1/projects/theirs/locations/global/"));
  EXPECT_TRUE(lab_.tokens().requests().empty());
}

// Of google.rpc.Status, as Google says it for any publisher's model.
TEST(VertexErrors, OfGoogleReachCallersOfAnthropic) {
  VertexLab lab(Tokens(), [](const SeenRequest&) {
    return RespondJson(403, R"([{"error":{"code":403,"message":"Permission denied on resource project p.",)"
                            R"("status":"PERMISSION_DENIED"}}])");
  });
  TestClient client(lab.gateway().http_address());
  const TestAnswer answer =
      client.Post("/v1/messages",
                  R"({"model":"claude-opus-4-1","max_tokens":9,"messages":)" + std::string(kMessages) + "}",
                  {{"x-portolan-provider", "vertex-ai"}});
  EXPECT_EQ(answer.status, 403);
  const json body = json::parse(answer.body);
  EXPECT_EQ(body["type"], "error");
  EXPECT_EQ(body["error"]["message"], "Permission denied on resource project p.");
}

TEST(VertexCredentials, OfTheEnvironmentAreReadAtTheStart) {
  const TempFolder folder;
  const std::string path = folder.path() + "/adc.json";
  const auto start = [&](const std::string& content) {
    std::ofstream(path, std::ios::trunc) << content;
    config::ServeOptions options;
    options.http = options.grpc = options.admin = "127.0.0.1:0";
    options.threads = 1;
    options.log_level = telemetry::LogLevel::kError;
    return Gateway::Start(options, [&](const char* name) -> const char* {
      return std::string(name) == "GOOGLE_APPLICATION_CREDENTIALS" ? path.c_str() : nullptr;
    });
  };
  EXPECT_TRUE(start(ServiceAccountJson("")).ok());
  struct {
    std::string content;
    std::string problem;
  } const wrong[] = {
      {"", "GOOGLE_APPLICATION_CREDENTIALS"},
      {"{}", "it has no client_email"},
      {R"({"type":"external_account"})", "it has no audience"},
      {R"({"type":"gdch_service_account"})", "gdch_service_account"},
      {R"({"client_email":"a@b","private_key":"SECRETPART"})", "its private_key is not a key"},
  };
  for (const auto& test : wrong) {
    const auto gateway = start(test.content);
    ASSERT_FALSE(gateway.ok()) << test.content;
    EXPECT_THAT(std::string(gateway.status().message()), HasSubstr(test.problem));
    EXPECT_THAT(std::string(gateway.status().message()), HasSubstr("GOOGLE_APPLICATION_CREDENTIALS"));
    EXPECT_THAT(std::string(gateway.status().message()), ::testing::Not(HasSubstr("SECRETPART")));
  }
}

// Keys that options of a route hold are keys of the gateway: nobody may spend them unasked.
TEST(VertexCredentials, OfARouteAreNotForEverybody) {
  const TempFolder folder;
  const std::string path = folder.path() + "/portolan.yaml";
  const json account = json::parse(ServiceAccountJson(""));
  const auto start = [&](const json& target) {
    std::ofstream(path, std::ios::trunc) << json{{"routes", {{"r", target}}}}.dump();
    const std::string config = "--config=" + path;
    const std::vector<std::string_view> arguments = {config,        "--http",      "0.0.0.0:0",   "--grpc",
                                                     "127.0.0.1:0", "--admin",     "127.0.0.1:0", "--threads",
                                                     "1",           "--log-level", "error"};
    const config::Environment none = [](const char*) -> const char* { return nullptr; };
    const auto options = config::ParseServeFlags(arguments, none);
    EXPECT_TRUE(options.ok()) << options.status();
    const auto settings = LoadSettings(*options, arguments, none);
    EXPECT_TRUE(settings.ok()) << settings.status();
    const auto gateway = Gateway::Start(*settings, none, nullptr);
    return gateway.ok() ? std::string("serves") : std::string(gateway.status().message());
  };
  EXPECT_EQ(start({{"provider", "vertex-ai"}, {"vertex_region", "us-east5"}}), "serves");
  EXPECT_THAT(start({{"provider", "vertex-ai"}, {"vertex_service_account_json", account}}),
              HasSubstr("the keys of routes.r"));
}

}  // namespace
}  // namespace portolan::test
