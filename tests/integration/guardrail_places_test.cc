// Guardrails that come with configs and headers, and those of the operator's file: what a call is refused for
// before anybody is called, and what a reload does.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kRequest[] = R"({"model":"echo/echo","messages":[{"role":"user","content":"hi"}]})";

class GuardrailPlaces : public ::testing::Test {
 protected:
  const TempFolder folder_;

  std::string path() const { return folder_.path() + "/portolan.yaml"; }
  void Write(const std::string& text) const {
    std::ofstream(folder_.path() + "/new") << text;
    std::filesystem::rename(folder_.path() + "/new", path());
  }
  GatewayFixture Start(const std::string& text) const {
    Write(text);
    return GatewayFixture::FromFile(path(), {});
  }
  static json Error(const TestAnswer& answer) { return json::parse(answer.body)["error"]; }
};

TEST_F(GuardrailPlaces, ConfigsAndHeadersNameThoseOfTheFile) {
  GatewayFixture gateway = Start(
      "guardrails: {polite: {notNull: {}}, short: {id: not-this, wordCount: {maxWords: 9}}}\n"
      "routes: {main: {provider: echo, input_guardrails: [polite], output_guardrails: [short]}}\n");
  TestClient client(gateway.http_address());
  const json named = json::parse(client.Post("/explain", kRequest, {{"x-portolan-config", "main"}}).body);
  EXPECT_EQ(named["candidates"][0]["input_guardrails"], json({"polite"}));
  EXPECT_EQ(named["candidates"][0]["output_guardrails"], json({"short"}));
  const json own = json::parse(
      client
          .Post("/explain", kRequest,
                {{"x-portkey-config", R"({"provider":"echo","before_request_hooks":["short","polite"]})"}})
          .body);
  EXPECT_EQ(own["candidates"][0]["input_guardrails"], json({"short", "polite"}));

  const json unknown = Error(client.Post(
      "/v1/chat/completions", kRequest,
      {{"x-portolan-config", R"({"targets":[{"provider":"echo","input_guardrails":["polite","rude"]}]})"}}));
  EXPECT_EQ(unknown["code"], "invalid_config");
  EXPECT_EQ(unknown["param"], "x-portolan-config");
  EXPECT_THAT(unknown["message"].get<std::string>(),
              StartsWith("config.targets[0].input_guardrails[1]: no guardrail"));

  EXPECT_EQ(client
                .Post("/v1/chat/completions", kRequest,
                      {{"x-portolan-default-input-guardrails", R"(["polite"])"},
                       {"x-portkey-default-output-guardrails", R"([{"notNull":{}}])"}})
                .status,
            200);
}

TEST_F(GuardrailPlaces, WrongHeadersAreRefusedBeforeAnybodyIsCalled) {
  const FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, "{}"); });
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const struct {
    const char* header;
    const char* value;
    const char* message;
  } cases[] = {
      {"default-input-guardrails", "{", ": is no JSON"},
      {"default-input-guardrails", R"([{"default.contains":{"operator":"any"}}])",
       R"([0]["default.contains"].words: must be there)"},
      {"default-output-guardrails", R"(["polite"])", "[0]: no guardrail of this gateway's is called"},
  };
  for (const auto& test : cases) {
    for (const char* prefix : {"x-portolan-", "x-portkey-"}) {
      for (const char* path : {"/v1/chat/completions", "/v1/embeddings", "/v1/explain", "/v1/files"}) {
        const TestAnswer answer = client.Post(path, kRequest,
                                              {{"x-portolan-provider", "openai"},
                                               {"x-portolan-custom-host", upstream.url()},
                                               {std::string(prefix) + test.header, test.value}});
        EXPECT_EQ(answer.status, 400) << path << " " << answer.body;
        const json error = Error(answer);
        EXPECT_EQ(error["code"], "invalid_config") << path;
        EXPECT_EQ(error["param"], std::string("x-portolan-") + test.header) << path;
        EXPECT_THAT(error["message"].get<std::string>(),
                    StartsWith(std::string("x-portolan-") + test.header + test.message))
            << path;
      }
    }
  }
  EXPECT_TRUE(upstream.requests().empty());
}

constexpr char kNoSwordfish[] =
    R"({"default.contains":{"words":["swordfish"],"operator":"none"},"deny":true})";

// Wherever a guardrail stands, it denies what it is there to deny; a config with guardrails of its own, or
// with none (`[]`), does not get round those of the operator.
TEST_F(GuardrailPlaces, EachPlaceDenies) {
  const std::string rule = kNoSwordfish;
  const std::string key = "callers: {keys: [{name: a, key: env:A}]}\n";
  const std::string named = "guardrails: {g: " + rule + "}\n";
  const Headers none;
  const Headers own = {
      {"x-portolan-config", R"({"provider":"echo","input_guardrails":[],"before_request_hooks":[]})"}};
  const struct {
    std::string file;
    Headers headers;
  } cases[] = {
      {key, {{"x-portolan-config", R"({"provider":"echo","input_guardrails":[)" + rule + "]}"}}},
      {key, {{"x-portolan-config", R"({"provider":"echo","default_input_guardrails":[)" + rule + "]}"}}},
      {key + named, {{"x-portolan-config", R"({"provider":"echo","before_request_hooks":["g"]})"}}},
      {key + named, {{"x-portkey-default-input-guardrails", R"(["g"])"}}},
      {key, {{"x-portolan-default-input-guardrails", "[" + rule + "]"}}},
      {key + "routes: {r: {provider: echo, input_guardrails: [" + rule + "]}}\n",
       {{"x-portolan-config", "r"}}},
      {key + "default_input_guardrails: [" + rule + "]\n", none},
      {key + named + "default_input_guardrails: [g]\n", own},
      {named + "callers: {keys: [{name: a, key: env:A, input_guardrails: [g]}]}\n", none},
      {"callers: {keys: [{name: a, key: env:A, input_guardrails: [" + rule + "]}]}\n", own},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.file + (test.headers.empty() ? "" : test.headers[0].second));
    Write(test.file);
    GatewayFixture gateway = GatewayFixture::FromFile(path(), {{"A", "key-a"}});
    TestClient client(gateway.http_address());
    Headers headers = test.headers;
    headers.emplace_back("x-portolan-api-key", "key-a");
    EXPECT_EQ(client.Post("/v1/chat/completions", kRequest, headers).status, 200);
    const TestAnswer denied = client.Post(
        "/v1/chat/completions",
        R"({"model":"echo/echo","messages":[{"role":"user","content":"the word is swordfish"}]})", headers);
    EXPECT_EQ(denied.status, 446) << denied.body;
    EXPECT_EQ(Error(denied)["code"], "guardrail_denied");
  }
}

// The target's, the headers', the caller's, the file's.
TEST_F(GuardrailPlaces, TheOrderIsThatOfThePlaces) {
  Write(
      "guardrails: {shown: {notNull: {}, reveal: true}}\n"
      "default_input_guardrails: [{id: file, notNull: {}}]\n"
      "default_output_guardrails: [{id: file, notNull: {}}]\n"
      "callers: {keys: [{name: a, key: env:A, input_guardrails: [shown], output_guardrails: [{id: caller, "
      "notNull: {}, reveal: true}]}]}\n");
  GatewayFixture gateway = GatewayFixture::FromFile(path(), {{"A", "key-a"}});
  TestClient client(gateway.http_address());
  const TestAnswer answer = client.Post(
      "/v1/chat/completions", kRequest,
      {{"x-portolan-api-key", "key-a"},
       {"x-portolan-default-input-guardrails", R"([{"id":"header","notNull":{}}])"},
       {"x-portolan-default-output-guardrails", R"([{"id":"header","notNull":{}}])"},
       {"x-portolan-config", R"({"provider":"echo","input_guardrails":[{"id":"target","notNull":{}}],)"
                             R"("default_input_guardrails":[{"id":"default","notNull":{}}],)"
                             R"("output_guardrails":[{"id":"target","notNull":{}}]})"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json results = json::parse(answer.body)["hook_results"];
  const auto ids = [](const json& list) {
    std::vector<std::string> told;
    for (const json& one : list) told.push_back(one["id"].get<std::string>());
    return told;
  };
  EXPECT_THAT(ids(results["before_request_hooks"]),
              ElementsAre("target", "default", "header", "shown", "file"));
  EXPECT_THAT(ids(results["after_request_hooks"]), ElementsAre("target", "header", "caller", "file"));
  // What the operator's found is told if they say so; what came with the call is told anyhow.
  const json& input = results["before_request_hooks"];
  EXPECT_FALSE(input[0]["checks"][0]["data"].is_null());
  EXPECT_FALSE(input[2]["checks"][0]["data"].is_null());
  EXPECT_FALSE(input[3]["checks"][0]["data"].is_null());
  EXPECT_TRUE(input[4]["checks"][0]["data"].is_null());
  EXPECT_FALSE(results["after_request_hooks"][2]["checks"][0]["data"].is_null());
}

TEST_F(GuardrailPlaces, DenialOfWhatRunsBesideTheCallIsNamedAsIgnored) {
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const TestAnswer answer = client.Post(
      "/v1/chat/completions", kRequest,
      {{"x-portolan-config",
        R"({"provider":"echo","input_guardrails":[{"notNull":{"not":true},"async":true,"deny":true}]})"},
       {"x-portolan-default-output-guardrails",
        R"([{"notNull":{}},{"notNull":{"not":true},"async":true,"deny":true}])"}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Header("x-portolan-ignored"),
            "input_guardrails[0].deny, x-portolan-default-output-guardrails[1].deny");
}

TEST_F(GuardrailPlaces, AFileThatLosesAGuardrailWhichIsNamedIsRefused) {
  const std::string routes = "routes: {main: {provider: echo, input_guardrails: [polite]}}\n";
  GatewayFixture gateway = Start("guardrails: {polite: {notNull: {}}}\n" + routes);
  TestClient admin(gateway.admin_address());
  TestClient client(gateway.http_address());
  Write("guardrails: {other: {notNull: {}}}\n" + routes);
  const TestAnswer refused = admin.Post("/config/reload", "");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("routes.main.input_guardrails[0]"));
  const Headers by_name = {{"x-portolan-config", R"({"provider":"echo","input_guardrails":["other"]})"}};
  EXPECT_EQ(client.Post("/v1/chat/completions", kRequest, by_name).status, 400);

  Write("guardrails: {other: {notNull: {}}}\nroutes: {main: {provider: echo, input_guardrails: [other]}}\n");
  EXPECT_EQ(admin.Post("/config/reload", "").status, 200);
  EXPECT_EQ(client.Post("/v1/chat/completions", kRequest, by_name).status, 200);
}

}  // namespace
}  // namespace portolan::test
