// What a request asks for in vain is named in x-portolan-ignored, at both doors.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "server/base/text.h"
#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using testing::UnorderedElementsAreArray;

constexpr char kEchoCall[] = R"({"model":"echo/echo","messages":[{"role":"user","content":"hi"}]})";

std::vector<std::string> Names(std::string_view list) {
  std::vector<std::string> names;
  for (const std::string_view name : SplitList(list)) names.emplace_back(name);
  return names;
}

// As they were written.
TEST(GatewayIgnored, NamesHeadersThatNobodyReads) {
  const FakeUpstream upstream([](const SeenRequest& request) { return Answering(request, "yes"); });
  GatewayFixture gateway;
  const RouteCaller caller(gateway);
  const std::string host = upstream.url() + "/v1";
  const Headers openai = {{"x-portolan-provider", "openai"}, {"x-portolan-custom-host", host}};
  const Headers anthropic = {{"x-portolan-provider", "anthropic"}, {"x-portolan-custom-host", host}};
  const auto target = [&](const std::string& provider, const std::string& more) {
    return R"({"provider":")" + provider + R"(","custom_host":")" + host + "\"" + more + "}";
  };
  const std::string two = R"({"strategy":{"mode":"fallback"},"targets":[)" + target("anthropic", "") + "," +
                          target("openai", "") + "]}";
  const std::string one_keyless = R"({"strategy":{"mode":"fallback"},"targets":[)" +
                                  target("anthropic", R"(,"api_key":"k")") + "," + target("openai", "") +
                                  "]}";
  const std::string one_provider = R"({"strategy":{"mode":"fallback"},"targets":[)" +
                                   target("anthropic", "") + "," + target("anthropic", "") + "]}";
  const struct {
    const char* what;
    std::string config;
    Headers base;
    Headers sent;
    const char* ignored;
  } cases[] = {
      {"typos",
       "",
       openai,
       {{"x-portolan-custmo-host", "a"}, {"x-portkey-forward-header", "b"}},
       "x-portolan-custmo-host, x-portkey-forward-header"},
      {"once each",
       "",
       openai,
       {{"x-portolan-retries", "1"}, {"x-portkey-retries", "1"}},
       "x-portolan-retries, x-portkey-retries"},
      {"no value", "", openai, {{"x-portolan-modell", ""}}, "x-portolan-modell"},
      {"what Portkey has",
       "",
       openai,
       {{"x-portkey-virtual-key", "v"}, {"x-portkey-cache-namespace", "n"}},
       "x-portkey-virtual-key, x-portkey-cache-namespace"},
      {"Portkey's SDKs",
       "",
       openai,
       {{"x-portkey-package-version", "portkey-1.9"},
        {"x-portkey-runtime", "node"},
        {"x-portkey-runtime-version", "v22"}},
       ""},
      {"all that there are",
       "",
       openai,
       {{"x-portolan-trace-id", "t"},
        {"x-portolan-metadata", "{}"},
        {"x-portolan-forward-headers", "x-a"},
        {"x-portolan-request-timeout", "20000"},
        {"x-portolan-strict-open-ai-compliance", "true"},
        {"x-portolan-explain", "false"},
        {"x-portolan-default-input-guardrails", "[]"},
        {"x-portkey-default-output-guardrails", "[]"},
        {"x-portolan-openai-organization", "o"},
        {"x-portolan-openai-project", "p"},
        {"x-portkey-openai-beta", "b"}},
       ""},
      {"options of another provider",
       "",
       anthropic,
       {{"x-portkey-openai-organization", "o"},
        {"x-portolan-openai-beta", "b"},
        {"x-portolan-anthropic-beta", "b"}},
       "x-portkey-openai-organization, x-portolan-openai-beta"},
      {"options of a target that was not needed", one_keyless, {}, {{"x-portolan-openai-beta", "b"}}, ""},
      {"options of a target that has a key of its own",
       one_keyless,
       {},
       {{"x-portolan-anthropic-beta", "b"}},
       "x-portolan-anthropic-beta"},
      {"options that might be meant for two",
       two,
       {},
       {{"x-portolan-openai-beta", "b"}},
       "x-portolan-openai-beta"},
      {"options of one provider, twice",
       one_provider,
       {},
       {{"x-portolan-anthropic-beta", "b"}, {"x-portolan-openai-beta", "b"}},
       "x-portolan-openai-beta"},
  };
  for (const auto& test : cases) {
    RouteCall base;
    base.config = test.config;
    base.headers = test.base;
    base.headers.insert(base.headers.end(), test.sent.begin(), test.sent.end());
    for (const RouteCall& call : AtBothDoors(base)) {
      SCOPED_TRACE(test.what + (" " + Describe(call)));
      const RouteAnswer answer = caller.Call(call);
      EXPECT_EQ(answer.text, "yes") << answer.message;
      // A gRPC client sends metadata in an order of its own.
      EXPECT_THAT(Names(answer.Header("x-portolan-ignored")), UnorderedElementsAreArray(Names(test.ignored)));
    }
  }
}

TEST(GatewayIgnored, NamesThemOnErrorsToo) {
  GatewayFixture gateway;
  const RouteCaller caller(gateway);
  const struct {
    Headers headers;
    const char* code;
    const char* ignored;
  } cases[] = {
      // What went wrong comes of the typo.
      {{{"x-portkey-provder", "echo"}}, "missing_provider_key", "x-portkey-provder"},
      {{{"x-portkey-provider", "nobody"}, {"x-portkey-openai-beta", "b"}},
       "unknown_provider",
       "x-portkey-openai-beta"},
      // Refused before it was known who would serve it: anybody may have read the option.
      {{{"x-portkey-config", "{"}, {"x-portkey-openai-beta", "b"}, {"x-portkey-tracing-id", "t"}},
       "invalid_config",
       "x-portkey-tracing-id"},
      {{{"x-portkey-request-timeout", "soon"},
        {"x-portkey-anthropic-beta", "b"},
        {"x-portkey-time-out", "1"}},
       "invalid_request_timeout",
       "x-portkey-time-out"},
  };
  for (const auto& test : cases) {
    RouteCall base;
    base.headers = test.headers;
    for (const RouteCall& call : AtBothDoors(base)) {
      SCOPED_TRACE(test.code + (" " + Describe(call)));
      const RouteAnswer answer = caller.Call(call);
      EXPECT_EQ(answer.code, test.code);
      EXPECT_EQ(answer.Header("x-portkey-ignored"), test.ignored);
    }
  }
}

TEST(GatewayIgnored, IsBoundedAndHasNoEndOfLine) {
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  Headers many = {{"x-portolan-provider", "echo"}};
  for (int i = 0; i < 80; ++i) many.emplace_back("x-portolan-nothing-" + std::to_string(i), "v");
  const TestAnswer answer = client.Post("/v1/chat/completions", kEchoCall, many);
  EXPECT_EQ(answer.status, 200);
  const std::string ignored = answer.Header("x-portolan-ignored");
  EXPECT_LT(ignored.size(), 1100u);
  EXPECT_TRUE(ignored.starts_with("x-portolan-nothing-0, x-portolan-nothing-1, ")) << ignored;
  EXPECT_TRUE(ignored.ends_with(", ...")) << ignored;
  const TestAnswer longest =
      client.Post("/v1/chat/completions", kEchoCall, {{"x-portolan-" + std::string(3000, 'n'), "v"}});
  EXPECT_EQ(longest.Header("x-portolan-ignored"), "...");
}

// gRPC's binary metadata, which nobody reads.
TEST(GatewayIgnored, NamesBinaryMetadata) {
  GatewayFixture gateway;
  const RouteCaller caller(gateway);
  grpc::ClientContext context;
  context.AddMetadata("x-portolan-config-bin", std::string("\0\n\xff", 3));
  context.AddMetadata("x-other-bin", "b");
  v1::ChatCompletion answer;
  EXPECT_TRUE(caller.chat().CreateChatCompletion(&context, RpcRequest({.model = "echo/echo"}), &answer).ok());
  const auto& metadata = context.GetServerInitialMetadata();
  const auto ignored = metadata.find("x-portolan-ignored");
  ASSERT_NE(ignored, metadata.end());
  EXPECT_EQ(std::string(ignored->second.data(), ignored->second.size()), "x-portolan-config-bin");
}

}  // namespace
}  // namespace portolan::test
