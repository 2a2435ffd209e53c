// What an operator's config file does: named routes, aliases, callers and what they may use, providers of the
// operator's own; and what a reload does to calls that come and to calls under way.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/support/eventually.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kChat[] = "/v1/chat/completions";
constexpr char kAnswer[] =
    R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]})";

std::string Body(const std::string& model) {
  return json{{"model", model}, {"messages", {{{"role", "user"}, {"content", "hi"}}}}}.dump();
}

// A file in a folder of its own.
class ConfigFolder {
 public:
  std::string path() const { return folder_.path() + "/portolan.yaml"; }
  // As a shell's `>` and `cp` do: the file stays the same one.
  void WriteInPlace(const std::string& text) const { std::ofstream(path(), std::ios::trunc) << text; }
  void Write(const std::string& text) const {
    // As an editor does: the file is never half there.
    std::ofstream(folder_.path() + "/new") << text;
    std::filesystem::rename(folder_.path() + "/new", path());
  }

 private:
  const TempFolder folder_;
};

std::string Code(const TestAnswer& answer) {
  const json body = json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  return body.is_object() && body.contains("error") ? body["error"]["code"].get<std::string>() : answer.body;
}

class GatewayConfig : public ::testing::Test {
 protected:
  FakeUpstream upstream_{[](const SeenRequest&) { return RespondJson(200, kAnswer); }};
  const ConfigFolder file_;

  std::string Providers() const {
    return "providers:\n  lab: {base_url: \"" + upstream_.url() + "/v1\", api_key: \"env:LAB_KEY\"}\n";
  }
  GatewayFixture Start(const std::string& text) const {
    file_.Write(text);
    return GatewayFixture::FromFile(file_.path(), {{"LAB_KEY", "lab-key"}, {"OPENAI_API_KEY", "sk-openai"}});
  }
  std::vector<std::string> SeenModels() {
    std::vector<std::string> models;
    for (const SeenRequest& request : upstream_.requests()) {
      models.push_back(json::parse(request.body)["model"].get<std::string>());
    }
    return models;
  }
};

TEST_F(GatewayConfig, ProvidersOfTheOperatorAreCalledWithTheirOwnKeyOnly) {
  GatewayFixture gateway = Start(Providers());
  TestClient client(gateway.http_address());
  EXPECT_EQ(client.Post(kChat, Body("lab/m")).status, 200);
  EXPECT_EQ(client.Post(kChat, Body("m"), {{"x-portkey-provider", "lab"}}).status, 200);
  EXPECT_THAT(SeenModels(), ElementsAre("m", "m"));
  for (const SeenRequest& request : upstream_.requests()) {
    EXPECT_EQ(request.Header("authorization"), "Bearer lab-key");
    EXPECT_EQ(request.target, "/v1/chat/completions");
  }
  // To a host of the caller's it does not go.
  client.Post(kChat, Body("m"), {{"x-portkey-provider", "lab"}, {"x-portkey-custom-host", upstream_.url()}});
  EXPECT_EQ(upstream_.requests().back().CountHeader("authorization"), 0);
}

// Of a request whose model has their name before it, that is taken off, and nothing else changes.
TEST_F(GatewayConfig, ProvidersOfTheOperatorAreNamedBeforeTheModel) {
  GatewayFixture gateway = Start(Providers());
  const std::string rest = R"("x" : [1.0, {"b":"\u00e9","a":1E2}] ,"messages":[ ]  , "seed":1E2})";
  TestClient client(gateway.http_address());
  EXPECT_EQ(client.Post(kChat, R"({ "model" : "lab/ft:gpt-4o/1" ,)" + rest).status, 200);
  EXPECT_EQ(upstream_.requests().back().body, R"({ "model" : "ft:gpt-4o/1" ,)" + rest);
  EXPECT_EQ(client.Post(kChat, R"({"model":"lab/a\n\"b\"",)" + rest).status, 200);
  EXPECT_EQ(upstream_.requests().back().body, R"({"model":"a\n\"b\"",)" + rest);
}

// A key of the environment is for the provider's own address.
TEST_F(GatewayConfig, ABuiltInProviderAtAnotherAddressGetsNoKeyOfTheEnvironment) {
  GatewayFixture gateway = Start("providers:\n  openai: {base_url: \"" + upstream_.url() + "\"}\n");
  TestClient client(gateway.http_address());
  EXPECT_EQ(client.Post(kChat, Body("openai/m")).status, 200);
  EXPECT_EQ(upstream_.requests().at(0).CountHeader("authorization"), 0);
}

TEST_F(GatewayConfig, RoutesAreUsedByNameByAliasAndByDefault) {
  GatewayFixture gateway = Start(Providers() +
                                 R"(
routes:
  main: {provider: lab, override_params: {model: of-main}}
  other: {provider: lab, override_params: {model: of-other}}
aliases: {fast: main}
default_route: other
)");
  TestClient client(gateway.http_address());
  EXPECT_EQ(client.Post(kChat, Body("x"), {{"x-portkey-config", "main"}}).status, 200);
  EXPECT_EQ(client.Post(kChat, Body("fast")).status, 200);
  EXPECT_EQ(client.Post(kChat, Body("x")).status, 200);
  EXPECT_EQ(client.Post(kChat, Body("lab/x")).status, 200);
  EXPECT_EQ(client.Post(kChat, Body("fast"), {{"x-portkey-provider", "lab"}}).status, 200);
  EXPECT_THAT(SeenModels(), ElementsAre("of-main", "of-main", "of-other", "x", "fast"));

  EXPECT_EQ(Code(client.Post(kChat, Body("x"), {{"x-portkey-config", "mian"}})), "invalid_config");
  // A caller cannot direct the operator's route, and the keys in it, to a host of its own.
  EXPECT_EQ(Code(client.Post(kChat, Body("x"),
                             {{"x-portkey-config", "main"}, {"x-portkey-custom-host", upstream_.url()}})),
            "invalid_custom_host");
  EXPECT_EQ(upstream_.requests().size(), 5u);

  const TestAnswer told = client.Post("/v1/explain", Body("fast"));
  EXPECT_EQ(json::parse(told.body)["route"], "main");
  EXPECT_EQ(json::parse(told.body)["route_reason"], "the model is its alias");
}

TEST_F(GatewayConfig, ListsItsAliasesAndTheModelsOfItsRoutes) {
  GatewayFixture gateway = Start(Providers() + R"(
routes: {main: {provider: lab, override_params: {model: big}}}
aliases: {fast: main}
)");
  TestClient client(gateway.http_address());
  std::vector<std::string> ids;
  const json list = json::parse(client.Get("/v1/models").body);
  for (const json& model : list["data"]) ids.push_back(model["id"]);
  EXPECT_THAT(ids, ::testing::IsSupersetOf({"echo/echo", "fast", "lab/big"}));
  EXPECT_EQ(json::parse(client.Get("/v1/models/fast").body)["id"], "fast");
  EXPECT_TRUE(upstream_.requests().empty());
}

TEST_F(GatewayConfig, CallersUseWhatTheyMay) {
  file_.Write(Providers() + R"(
callers:
  keys:
    - {name: all, key: "env:ALL"}
    - {name: routed, key: "env:ROUTED", routes: [main]}
    - {name: modelled, sha256: "2b7f6db41054beb0b4c7ab9cebc8b9dfbddd8c4acf32235cb2055ffe6e24a4a7", models: ["gpt-*", "lab/x"]}
routes: {main: {provider: lab}, other: {provider: lab}}
aliases: {fast: main}
)");
  GatewayFixture gateway =
      GatewayFixture::FromFile(file_.path(), {{"LAB_KEY", "k"}, {"ALL", "all"}, {"ROUTED", "routed"}});
  TestClient client(gateway.http_address());
  const auto ask = [&](const std::string& key, const std::string& model, Headers headers = {}) {
    headers.emplace_back("authorization", "Bearer " + key);
    const TestAnswer answer = client.Post(kChat, Body(model), headers);
    return answer.status == 200 ? "ok" : std::to_string(answer.status) + " " + Code(answer);
  };
  EXPECT_EQ(ask("nobody", "fast"), "401 invalid_caller_key");
  EXPECT_EQ(ask("all", "lab/anything"), "ok");
  EXPECT_EQ(ask("all", "x", {{"x-portkey-config", "other"}}), "ok");

  EXPECT_EQ(ask("routed", "fast"), "ok");
  EXPECT_EQ(ask("routed", "x", {{"x-portkey-config", "main"}}), "ok");
  EXPECT_EQ(ask("routed", "x", {{"x-portkey-config", "other"}}), "403 route_not_allowed");
  EXPECT_EQ(ask("routed", "lab/x"), "403 route_not_allowed");
  EXPECT_EQ(ask("routed", "x", {{"x-portkey-config", R"({"provider":"lab"})"}}), "403 route_not_allowed");

  // The key of the third one is `modelled`.
  EXPECT_EQ(ask("modelled", "gpt-5", {{"x-portkey-config", "main"}}), "ok");
  EXPECT_EQ(ask("modelled", "o9", {{"x-portkey-config", "main"}}), "403 model_not_allowed");
  EXPECT_EQ(ask("modelled", "lab/x"), "ok");
  EXPECT_EQ(ask("modelled", "lab/y"), "403 model_not_allowed");
  EXPECT_EQ(ask("modelled", "gpt-5",
                {{"x-portkey-config", R"({"provider":"lab","override_params":{"model":"o9"}})"}}),
            "403 model_not_allowed");
  for (const SeenRequest& request : upstream_.requests()) {
    EXPECT_EQ(request.Header("authorization"), "Bearer k");
  }
}

// What is relayed must not be a way around what a caller may use.
TEST_F(GatewayConfig, CallersOfCertainModelsRelayWhatShowsItsModel) {
  file_.Write(Providers() + R"(
callers:
  keys: [{name: modelled, key: "env:MODELLED", models: ["lab/x"]}]
)");
  GatewayFixture gateway =
      GatewayFixture::FromFile(file_.path(), {{"LAB_KEY", "k"}, {"MODELLED", "modelled"}});
  TestClient client(gateway.http_address());
  const auto ask = [&](const std::string& method, const std::string& type, const std::string& body) {
    EXPECT_TRUE(client.Send(
        method, "/v1/things", body,
        {{"authorization", "Bearer modelled"}, {"x-portolan-provider", "lab"}, {"content-type", type}}));
    const TestAnswer answer = client.ReadAnswer();
    return answer.status == 200 ? "ok" : std::to_string(answer.status) + " " + Code(answer);
  };
  EXPECT_EQ(ask("POST", "application/json", R"({"model":"x"})"), "ok");
  EXPECT_EQ(ask("POST", "application/json", R"({"model":"y"})"), "403 model_not_allowed");
  EXPECT_EQ(ask("POST", "application/json", R"({"input":"hi"})"), "403 model_not_allowed");
  EXPECT_EQ(ask("POST", "application/json", R"([{"model":"x"}])"), "403 model_not_allowed");
  EXPECT_EQ(ask("POST", "multipart/form-data; boundary=b", "--b--"), "403 model_not_allowed");
  EXPECT_EQ(ask("PUT", "text/plain", "x"), "403 model_not_allowed");
  EXPECT_EQ(ask("GET", "", ""), "ok");
  EXPECT_EQ(ask("DELETE", "", ""), "ok");
}

TEST_F(GatewayConfig, AReloadIsForCallsThatComeAndNotForThoseUnderWay) {
  Latch arrived;
  Latch go;
  FakeUpstream slow([&](const SeenRequest&) {
    return Script().Signal(arrived).Hold(go).Send("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n");
  });
  const auto config = [&](const std::string& second) {
    return Providers() + "  slow: {base_url: \"" + slow.url() +
           "\"}\nroutes:\n  main:\n    strategy: {mode: fallback}\n" +
           "    targets: [{provider: slow}, {provider: lab, override_params: {model: " + second + "}}]\n";
  };
  GatewayFixture gateway = Start(config("before"));
  TestClient admin(gateway.admin_address());
  TestClient under_way(gateway.http_address());
  ASSERT_TRUE(under_way.Send("POST", kChat, Body("x"), {{"x-portkey-config", "main"}}));
  ASSERT_TRUE(arrived.Wait());
  file_.Write(config("after"));
  const TestAnswer reloaded = admin.Post("/config/reload", "");
  ASSERT_EQ(reloaded.status, 200) << reloaded.body;
  EXPECT_EQ(json::parse(reloaded.body)["generation"], 2);
  go.Release();
  EXPECT_EQ(under_way.ReadAnswer().status, 200);
  TestClient later(gateway.http_address());
  EXPECT_EQ(later.Post(kChat, Body("x"), {{"x-portkey-config", "main"}}).status, 200);
  EXPECT_THAT(SeenModels(), ElementsAre("before", "after"));
}

TEST_F(GatewayConfig, ABadFileChangesNothingAndSaysWhy) {
  GatewayFixture gateway = Start(Providers() + "routes: {main: {provider: lab}}\n");
  TestClient admin(gateway.admin_address());
  TestClient client(gateway.http_address());
  file_.Write(Providers() + "routes: {main: {provider: lap}}\n");
  const TestAnswer refused = admin.Post("/config/reload", "");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("portolan.yaml:3:"));
  EXPECT_THAT(refused.body, HasSubstr("lap"));
  EXPECT_EQ(client.Post(kChat, Body("x"), {{"x-portkey-config", "main"}}).status, 200);
  const json status = json::parse(admin.Get("/config").body);
  EXPECT_EQ(status["generation"], 1);
  EXPECT_EQ(status["refused"], 1);
  EXPECT_THAT(status["problem"].get<std::string>(), HasSubstr("lap"));
  const std::string metrics = admin.Get("/metrics").body;
  EXPECT_THAT(metrics, HasSubstr("portolan_config_refused_total 1\n"));
  // All that docs/metrics.md tells of config files.
  std::ifstream page("docs/metrics.md");
  std::string text((std::istreambuf_iterator<char>(page)), std::istreambuf_iterator<char>());
  int documented = 0;
  for (size_t at = 0; (at = text.find("`portolan_config_", at)) != std::string::npos; ++at, ++documented) {
    const std::string name = text.substr(at + 1, text.find('`', at + 1) - at - 1);
    EXPECT_THAT(metrics, HasSubstr("\n" + name)) << "is documented";
  }
  EXPECT_EQ(documented, 4);

  file_.Write(Providers() + "routes: {other: {provider: lab}}\n");
  EXPECT_EQ(admin.Post("/config/reload", "").status, 200);
  EXPECT_EQ(Code(client.Post(kChat, Body("x"), {{"x-portkey-config", "main"}})), "invalid_config");
  EXPECT_EQ(client.Post(kChat, Body("x"), {{"x-portkey-config", "other"}}).status, 200);
}

// Whatever becomes of the file, nobody is let in who was not.
TEST_F(GatewayConfig, AFileThatIsEmptiedOrCutInPlaceLetsNobodyIn) {
  const std::string keys = "callers:\n  keys:\n    - {name: a, key: \"env:LAB_KEY\", models: [\"lab/m\"]}\n";
  const std::string routes = "routes: {main: {provider: lab}}\n";
  const std::string whole = Providers() + routes + keys;
  GatewayFixture gateway = Start(whole);
  TestClient admin(gateway.admin_address());
  TestClient client(gateway.http_address());
  const auto ask = [&](const Headers& headers) { return client.Post(kChat, Body("lab/m"), headers).status; };
  const Headers known = {{"authorization", "Bearer lab-key"}};
  ASSERT_EQ(ask({}), 401);
  ASSERT_EQ(ask(known), 200);
  int refused = 0;
  for (const std::string& left :
       {std::string(), std::string("# was here\n"), std::string("null\n"), std::string("{}"),
        // Cut before the callers, within their keys, within the entry of one, within a sequence of UTF-8.
        Providers() + routes, Providers(), whole.substr(0, whole.find("    - ")), std::string("providers:\n"),
        whole.substr(0, whole.size() - 1 - std::string(", models: [\"lab/m\"]}").size()),
        Providers() + "# caf\xc3"}) {
    SCOPED_TRACE(left);
    file_.WriteInPlace(left);
    const TestAnswer answer = admin.Post("/config/reload", "");
    EXPECT_EQ(answer.status, 409) << answer.body;
    EXPECT_EQ(Code(answer), "config_refused");
    const json status = json::parse(admin.Get("/config").body);
    EXPECT_EQ(status["generation"], 1);
    EXPECT_EQ(status["refused"], ++refused);
    EXPECT_THAT(status["problem"].get<std::string>(), HasSubstr("portolan.yaml:"));
    EXPECT_THAT(admin.Get("/metrics").body,
                HasSubstr("portolan_config_refused_total " + std::to_string(refused) + "\n"));
    EXPECT_EQ(ask({}), 401);
    EXPECT_EQ(ask(known), 200);
  }
  file_.WriteInPlace(whole + "# mended\n");
  EXPECT_EQ(admin.Post("/config/reload", "").status, 200);
  EXPECT_EQ(json::parse(admin.Get("/config").body)["problem"], nullptr);
}

TEST_F(GatewayConfig, CallersMayGoWithoutKeysIfTheOperatorSaidSo) {
  const std::string keys = "callers: {keys: [{name: a, key: \"env:LAB_KEY\"}]}\n";
  for (const bool meant : {false, true}) {
    file_.Write(Providers() + keys);
    std::map<std::string, std::string> environment = {{"LAB_KEY", "lab-key"}};
    if (meant) environment["PORTOLAN_ALLOW_UNAUTHENTICATED"] = "true";
    GatewayFixture gateway = GatewayFixture::FromFile(file_.path(), environment);
    file_.Write("# no more keys\n" + Providers());
    EXPECT_EQ(TestClient(gateway.admin_address()).Post("/config/reload", "").status, meant ? 200 : 409);
    EXPECT_EQ(TestClient(gateway.http_address()).Post(kChat, Body("lab/m")).status, meant ? 200 : 401);
  }
}

TEST_F(GatewayConfig, AsksForTheKeysOfTheEnvironmentWhenThoseOfTheFileAreGone) {
  file_.Write(Providers() + "callers: {keys: [{name: a, key: \"env:LAB_KEY\"}]}\n");
  GatewayFixture gateway = GatewayFixture::FromFile(
      file_.path(), {{"LAB_KEY", "lab-key"}, {"PORTOLAN_CALLER_KEYS", "of-the-environment"}});
  file_.Write("# no more keys\n" + Providers());
  EXPECT_EQ(TestClient(gateway.admin_address()).Post("/config/reload", "").status, 200);
  TestClient client(gateway.http_address());
  EXPECT_EQ(client.Post(kChat, Body("lab/m")).status, 401);
  EXPECT_EQ(client.Post(kChat, Body("lab/m"), {{"authorization", "Bearer lab-key"}}).status, 401);
  EXPECT_EQ(client.Post(kChat, Body("lab/m"), {{"authorization", "Bearer of-the-environment"}}).status, 200);
}

// Nobody asks: it is found by looking, and told.
TEST_F(GatewayConfig, TellsThatTheFileIsGoneAndThatItIsBack) {
  const std::string text = Providers();
  GatewayFixture gateway = Start(text);
  TestClient admin(gateway.admin_address());
  const auto problem = [&] {
    const json status = json::parse(admin.Get("/config").body);
    return status["problem"].is_null() ? "" : status["problem"].get<std::string>();
  };
  EXPECT_EQ(problem(), "");
  std::filesystem::remove(file_.path());
  EXPECT_TRUE(Eventually(problem, HasSubstr("portolan.yaml: it cannot be read: No such file or directory")));
  std::filesystem::create_directory(file_.path());
  EXPECT_TRUE(Eventually(problem, HasSubstr("it is a directory")));
  EXPECT_EQ(json::parse(admin.Get("/config").body)["refused"], 2);
  EXPECT_EQ(TestClient(gateway.http_address()).Post(kChat, Body("lab/m")).status, 200);
  std::filesystem::remove(file_.path());
  file_.Write(text);
  EXPECT_TRUE(Eventually(problem, ""));
}

TEST(GatewayAdmin, IsForOperators) {
  GatewayFixture gateway;
  TestClient admin(gateway.admin_address());
  EXPECT_EQ(admin.Get("/config").body, R"({"file":null})");
  EXPECT_EQ(admin.Post("/config/reload", "").status, 409);
  EXPECT_EQ(admin.Get("/config/reload").status, 405);
  EXPECT_EQ(admin.Get("/config/reload").Header("allow"), "POST");
  EXPECT_EQ(admin.Get("/log-level").body, R"({"level":"error"})");
  ASSERT_TRUE(admin.Send("PUT", "/log-level", "warn"));
  EXPECT_EQ(admin.ReadAnswer().body, R"({"level":"warn"})");
  EXPECT_EQ(admin.Get("/log-level").body, R"({"level":"warn"})");
  ASSERT_TRUE(admin.Send("PUT", "/log-level", "loud"));
  EXPECT_EQ(admin.ReadAnswer().status, 400);
  // A web page must not administer what the user's browser can reach.
  EXPECT_EQ(admin.Post("/drain", "", {{"origin", "https://evil.example"}}).status, 403);
  EXPECT_EQ(admin.Get("/config", {{"host", "evil.example"}}).status, 403);

  TestClient client(gateway.http_address());
  EXPECT_EQ(client.Get("/readyz").status, 200);
  EXPECT_EQ(admin.Post("/drain", "").status, 200);
  const TestAnswer draining = client.Get("/readyz");
  EXPECT_EQ(draining.status, 503);
  EXPECT_EQ(draining.Header("connection"), "close");
  TestClient another(gateway.http_address());
  EXPECT_EQ(another.Get("/healthz").status, 200) << "draining still accepts";
  EXPECT_EQ(client.closed() || client.ReadRaw().empty(), true);
}

// The data port has none of it.
TEST(GatewayAdmin, IsNotOnTheDataPort) {
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  for (const char* path : {"/config", "/metrics", "/log-level"})
    EXPECT_EQ(client.Get(path).status, 404) << path;
  for (const char* path : {"/drain", "/config/reload"}) EXPECT_EQ(client.Post(path, "").status, 404) << path;
}

}  // namespace
}  // namespace portolan::test
