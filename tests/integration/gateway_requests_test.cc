// How requests are heard: their paths, hosts and queries, the names of models, and credentials that are no
// keys.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "portolan/v1/model_service.grpc.pb.h"
#include "tests/integration/support/provider_hosts.h"
#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kEcho[] = R"({"model":"echo/echo","messages":[{"role":"user","content":"hi"}]})";
constexpr char kModels[] = R"({"object":"list","data":[{"id":"a/b","object":"model"}]})";
constexpr char kModel[] = R"({"id":"a/b","object":"model"})";

std::string Said(const TestAnswer& answer) {
  return json::parse(answer.body, nullptr, false)
      .value(json::json_pointer("/choices/0/message/content"), "status " + std::to_string(answer.status));
}

TEST(GatewayPaths, TakeRepeatedSlashesForOneAndTheLastForNothing) {
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  for (const char* path : {"/v1/chat/completions", "/v1//chat/completions", "//v1///chat/completions/",
                           "/v1/chat//completions//", "//chat/completions", "/chat/completions///",
                           "/v1//chat/completions?a=//b", "//v1/chat/completions/?"}) {
    EXPECT_EQ(Said(client.Post(path, kEcho)), "hi") << path;
  }
  for (const char* path :
       {"//v1//models", "/v1/models/", "/models//?limit=5", "//healthz", "/readyz/", "//"}) {
    EXPECT_EQ(client.Get(path).status, 200) << path;
  }
  EXPECT_EQ(client.Get("/v1//completions/").status, 405);
  for (const char* path : {"//metrics", "/healthz/", "//config/"}) {
    EXPECT_EQ(TestClient(gateway.admin_address()).Get(path).status, 200) << path;
  }
  // Encoded ones separate nothing, and are no slashes of the path.
  for (const char* path : {"/v1%2Fchat/completions", "/v2/chat%2f%2fcompletions", "/%2F/v1/models"}) {
    EXPECT_EQ(client.Post(path, kEcho).status, 404) << path;
  }
}

TEST(GatewayPaths, KeepTheSlashesOfModels) {
  const FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, kModel); });
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const struct {
    const char* path;
    const char* target;
  } cases[] = {{"/v1/models/a/b", "/v1/models/a/b"},
               {"/v1/models/a%2Fb", "/v1/models/a/b"},
               {"//v1/models//a///b/", "/v1/models/a/b"},
               {"/v1/models/a%2F%2Fb", "/v1/models/a//b"},
               {"/v1/models/a%2F/", "/v1/models/a/"}};
  for (const auto& test : cases) {
    EXPECT_EQ(client.Get(test.path, {{"x-portolan-custom-host", upstream.url() + "/v1"}}).status, 200);
    EXPECT_EQ(upstream.requests().back().target, test.target) << test.path;
  }
}

TEST(GatewayPaths, AreNamedWhereThereIsNone) {
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const auto message = [](const TestAnswer& answer) {
    return json::parse(answer.body)["error"]["message"].get<std::string>();
  };
  const TestAnswer missing = client.Post("/openai/v1/chat/completions?key=secret", kEcho);
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(message(missing), "there is no POST /openai/v1/chat/completions");
  EXPECT_EQ(message(client.Get("/v1/v1//models/")), "there is no GET /v1/v1//models/");
  const TestAnswer wrong = client.Get("/v1/completions?key=secret");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(message(wrong), "/v1/completions takes POST, not GET");
  const TestAnswer endless = client.Get("/" + std::string(10'000, 'x'));
  EXPECT_EQ(endless.status, 404);
  EXPECT_LT(endless.body.size(), 800u);
  EXPECT_THAT(endless.body, HasSubstr(std::string(200, 'x')));
  EXPECT_THAT(TestClient(gateway.admin_address()).Get("/metric?key=secret").body,
              HasSubstr("the admin listener has no /metric; it has /metrics"));
}

TEST(GatewayHosts, MayEndInADot) {
  config::ServeOptions options;
  options.allowed_hosts = {"gateway.lan", "whole.lan."};
  GatewayFixture gateway(options);
  TestClient client(gateway.http_address());
  for (const char* host : {"localhost.", "localhost.:8787", "LOCALHOST.:1", "a.localhost.", "127.0.0.1.",
                           "gateway.lan.", "gateway.lan.:8787", "whole.lan", "whole.lan.:1"}) {
    EXPECT_EQ(Said(client.Post("/v1/chat/completions", kEcho, {{"Host", host}})), "hi") << host;
  }
  for (const char* host : {"evil.example.", "localhost..", "localhost.evil.example.:1", "."}) {
    EXPECT_EQ(client.Post("/v1/chat/completions", kEcho, {{"Host", host}}).status, 403) << host;
  }
}

TEST(GatewayQueries, OfModelsGoOn) {
  const FakeUpstream upstream([](const SeenRequest& request) {
    return RespondJson(
        200, request.target.starts_with("/v1/models?") || request.target == "/v1/models" ? kModels : kModel);
  });
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const std::string ours = "portolan.customHost=" + upstream.url() + "/v1";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"/v1/models?limit=5&after=x", "/v1/models?limit=5&after=x"},
      {"/models?a=%20%2F%C3%A9+b&flag&x=", "/v1/models?a=%20%2F%C3%A9+b&flag&x="},
      {"/v1/models/a/b?verbose=1", "/v1/models/a/b?verbose=1"},
      {"/v1//models/?limit=5", "/v1/models?limit=5"},
      {"/v1/models", "/v1/models"},
      {"/v1/models?", "/v1/models"},
      // What the gateway reads itself stays here.
      {"/v1/models?portolan.provider=openai&limit=5", "/v1/models?limit=5"},
      {"/v1/models?limit=5&portolan%2Eprovider=openai", "/v1/models?limit=5"},
  };
  for (const auto& [path, target] : cases) {
    const TestAnswer answer = client.Get(path, {{"x-portolan-custom-host", upstream.url() + "/v1"}});
    EXPECT_EQ(answer.status, 200) << path << answer.body;
    EXPECT_EQ(upstream.requests().back().target, target) << path;
  }
  EXPECT_EQ(client.Get("/v1/models?limit=5&" + ours).status, 200);
  EXPECT_EQ(upstream.requests().back().target, "/v1/models?limit=5");
  const size_t before = upstream.requests().size();
  // No good encoding: refused, and not sent on.
  EXPECT_EQ(client.Get("/v1/models?a=%zz", {{"x-portolan-custom-host", upstream.url() + "/v1"}}).status, 400);
  EXPECT_EQ(upstream.requests().size(), before);
  // The gateway's own list has no use for one.
  EXPECT_EQ(client.Get("/v1/models?limit=5").status, 200);

  // gRPC has none.
  const auto models = v1::ModelService::NewStub(
      grpc::CreateChannel(gateway.grpc_address(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  v1::ListModelsRequest request;
  request.mutable_portolan()->set_custom_host(upstream.url() + "/v1");
  v1::ModelList list;
  EXPECT_TRUE(models->ListModels(&context, request, &list).ok());
  EXPECT_EQ(upstream.requests().back().target, "/v1/models");
}

TEST(GatewayModels, KeepAPrefixThatTheHostsOwnNameHas) {
  const FakeUpstream upstream([](const SeenRequest& request) { return Answering(request, "yes"); });
  GatewayFixture gateway;
  const RouteCaller caller(gateway);
  const struct {
    const char* model;
    const char* target;
    const char* seen;
  } cases[] = {{"openai/gpt-oss-20b", "/v1/chat/completions", "openai/gpt-oss-20b"},
               {"openai/gpt-oss-20b/v2", "/v1/chat/completions", "openai/gpt-oss-20b/v2"},
               {"meta-llama/llama-3", "/v1/chat/completions", "meta-llama/llama-3"},
               {"anthropic/claude", "/v1/messages", "claude"}};
  for (const auto& test : cases) {
    RouteCall by_header;
    by_header.model = test.model;
    by_header.headers = {{"x-portolan-custom-host", upstream.url() + "/v1"}, {"authorization", "Bearer x"}};
    RouteCall by_config;
    by_config.model = test.model;
    by_config.config = R"({"custom_host":")" + upstream.url() + R"(/v1"})";
    RouteCall by_override = by_config;
    by_override.model = "m";
    by_override.config = R"({"custom_host":")" + upstream.url() + R"(/v1","override_params":{"model":")" +
                         test.model + R"("}})";
    for (const RouteCall& base : {by_header, by_config, by_override}) {
      for (const RouteCall& call : AtBothDoors(base)) {
        SCOPED_TRACE(test.model + (" " + Describe(call)));
        const RouteAnswer answer = caller.Call(call);
        EXPECT_EQ(answer.text, "yes") << answer.body;
        const SeenRequest seen = upstream.requests().back();
        EXPECT_EQ(seen.target, test.target);
        EXPECT_EQ(json::parse(seen.body)["model"], test.seen);
      }
    }
    // In the typed field.
    v1::ChatCompletionRequest request = RpcRequest({.model = test.model});
    request.mutable_portolan()->set_custom_host(upstream.url() + "/v1");
    grpc::ClientContext context;
    v1::ChatCompletion answer;
    EXPECT_TRUE(caller.chat().CreateChatCompletion(&context, request, &answer).ok());
    EXPECT_EQ(json::parse(upstream.requests().back().body)["model"], test.seen);
  }
}

TEST(GatewayEcho, AnswersForAnyModelOfAnotherProvider) {
  GatewayFixture gateway;
  const RouteCaller caller(gateway);
  for (const char* model : {"gpt-4o", "claude-sonnet-4-5", "meta-llama/llama-3", "echoes"}) {
    RouteCall by_header;
    by_header.model = model;
    by_header.headers = {{"x-portolan-provider", "echo"}};
    RouteCall by_prefix;
    by_prefix.model = std::string("echo/") + model;
    RouteCall by_config;
    by_config.model = model;
    by_config.config = R"({"provider":"echo"})";
    for (const RouteCall& base : {by_header, by_prefix, by_config}) {
      for (const RouteCall& call : AtBothDoors(base)) {
        SCOPED_TRACE(call.model + (" " + Describe(call)));
        const RouteAnswer answer = caller.Call(call);
        EXPECT_EQ(answer.text, "hi") << answer.message;
        EXPECT_EQ(answer.Header("x-portolan-provider"), "echo");
      }
    }
  }
  TestClient client(gateway.http_address());
  const Headers echo = {{"x-portolan-provider", "echo"}};
  const json completion =
      json::parse(client.Post("/v1/completions", R"({"model":"davinci-002","prompt":"hi"})", echo).body);
  EXPECT_EQ(completion["choices"][0]["text"], "hi");
  EXPECT_EQ(completion["model"], "davinci-002");
  const json embedding = json::parse(
      client.Post("/v1/embeddings", R"({"model":"text-embedding-3-small","input":"hi"})", echo).body);
  EXPECT_EQ(embedding["data"][0]["embedding"].size(), 8u);
  EXPECT_EQ(json::parse(client.Get("/v1/models/gpt-4o", echo).body)["id"], "echo/gpt-4o");
  // What it lists is what it has to show.
  EXPECT_EQ(json::parse(client.Get("/v1/models", echo).body)["data"].size(), 4u);
}

TEST(GatewayEcho, RefusesOwnNamesThatSayNothing) {
  GatewayFixture gateway;
  const RouteCaller caller(gateway);
  for (const char* model : {"echo/echo-fast", "echo/echo-fail-200", "echo/echo-slow-1-cut-x"}) {
    for (const RouteCall& call : AtBothDoors({.model = model})) {
      SCOPED_TRACE(Describe(call));
      const RouteAnswer answer = caller.Call(call);
      EXPECT_EQ(answer.status, 404);
      EXPECT_EQ(answer.code, "model_not_found");
      EXPECT_THAT(answer.message, HasSubstr(std::string(model).substr(5)));
    }
  }
}

// A call that nobody gave to echo is none of its.
TEST(GatewayEcho, AnswersOnlyWhereItIsNamed) {
  GatewayFixture gateway;
  const RouteCaller caller(gateway);
  for (const char* model : {"gpt-4o", "echoes", "echo", "echo-slow", "openia/gpt-4o", "openai/echo"}) {
    for (const RouteCall& call : AtBothDoors({.model = model})) {
      SCOPED_TRACE(model + (" " + Describe(call)));
      const RouteAnswer answer = caller.Call(call);
      EXPECT_EQ(answer.code, "missing_provider_key");
      EXPECT_EQ(answer.Header("x-portolan-provider"), "openai");
    }
  }
  TestClient client(gateway.http_address());
  EXPECT_EQ(client.Get("/v1/models/gpt-4o").status, 401);
}

TEST(GatewayCredentialsOfOtherSchemes, GoToHostsOfOnesOwnAsTheyCame) {
  ProviderHosts hosts([](const SeenRequest& request) { return Answering(request, "yes"); });
  const FakeUpstream own([](const SeenRequest& request) { return Answering(request, "yes"); });
  GatewayFixture gateway(hosts.Options());
  const RouteCaller caller(gateway);
  for (const char* credential :
       {"Basic dXNlcjpwYXNz", "basic dXNlcjpwYXNz", "Digest username=\"u\"", "Token t"}) {
    for (const char* provider : {"openai", "anthropic"}) {
      RouteCall base;
      base.headers = {{"x-portolan-provider", provider}, {"authorization", credential}};
      for (const RouteCall& call : AtBothDoors(base)) {
        SCOPED_TRACE(std::string(credential) + " " + provider + " " + Describe(call));
        const RouteAnswer refused = caller.Call(call);
        EXPECT_EQ(refused.status, 401);
        EXPECT_EQ(refused.code, "missing_provider_key");

        RouteCall to_own = call;
        to_own.headers.emplace_back("x-portolan-custom-host", own.url());
        EXPECT_EQ(caller.Call(to_own).text, "yes");
        EXPECT_EQ(own.requests().back().Header("authorization"), credential);
        EXPECT_EQ(own.requests().back().CountHeader("authorization"), 1);
        EXPECT_EQ(own.requests().back().CountHeader("x-api-key"), 0);
      }
    }
  }
  EXPECT_EQ(hosts.openai.requests().size() + hosts.anthropic.requests().size(), 0u);
  // Beside a key of its dialect, which has a header of its own.
  RouteCall both;
  both.headers = {{"x-portolan-provider", "anthropic"},
                  {"x-portolan-custom-host", own.url()},
                  {"authorization", "Basic dXNlcjpwYXNz"},
                  {"x-api-key", "k"}};
  for (const RouteCall& call : AtBothDoors(both)) {
    EXPECT_EQ(caller.Call(call).text, "yes");
    EXPECT_EQ(own.requests().back().Header("authorization"), "Basic dXNlcjpwYXNz");
    EXPECT_EQ(own.requests().back().Header("x-api-key"), "k");
  }
}

TEST(GatewayForwarding, NeverTakesCredentialsOfAnyDialect) {
  const FakeUpstream upstream([](const SeenRequest& request) { return Answering(request, "yes"); });
  GatewayFixture gateway;
  const RouteCaller caller(gateway);
  for (const char* name : {"x-api-key", "api-key", "x-goog-api-key", "authorization", "cookie",
                           "Proxy-Authorization", "Ocp-Apim-Subscription-Key", "X-Amz-Security-Token"}) {
    RouteCall by_header;
    by_header.headers = {{"x-portolan-custom-host", upstream.url()},
                         {"x-portolan-forward-headers", "x-team, " + std::string(name)}};
    RouteCall by_config;
    by_config.config = R"({"custom_host":")" + upstream.url() + R"(","forward_headers":[")" + name + R"("]})";
    for (const RouteCall& base : {by_header, by_config}) {
      for (const RouteCall& call : AtBothDoors(base)) {
        SCOPED_TRACE(name + (" " + Describe(call)));
        const RouteAnswer answer = caller.Call(call);
        EXPECT_EQ(answer.status, 400);
        EXPECT_EQ(answer.code, base.config.empty() ? "invalid_forward_headers" : "invalid_config");
        EXPECT_THAT(answer.message, HasSubstr("cannot be forwarded"));
      }
    }
  }
  EXPECT_EQ(upstream.requests().size(), 0u);
}

}  // namespace
}  // namespace portolan::test
