#include "server/routing/route.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

namespace portolan::routing {
namespace {

using providers::Operation;

class ChooseRouteTest : public testing::Test {
 protected:
  std::optional<Error> Choose(std::vector<HeaderView> headers, std::string_view model,
                              Operation operation = Operation::kChat) {
    RequestHeaders read;
    if (auto error = ReadRequestHeaders(headers, &read)) return error;
    ProviderCredentials credentials;
    if (auto error = Authenticate(CallerKeys(), read, &credentials)) return error;
    RoutePolicy policy;
    policy.registry = registry_.get();
    policy.gateway_key = [this](std::string_view provider) -> const Secret* {
      const auto found = keys_.find(std::string(provider));
      return found == keys_.end() ? nullptr : &found->second;
    };
    route_ = {};
    return ChooseRoute(policy,
                       {.headers = read,
                        .credentials = credentials,
                        .all_headers = headers,
                        .provider = typed_provider_,
                        .custom_host = typed_host_,
                        .operation = operation,
                        .model = model},
                       &route_);
  }

  const std::unique_ptr<providers::Registry> registry_ = providers::Registry::BuiltIn();
  std::map<std::string, Secret> keys_;
  std::optional<std::string> typed_provider_;
  std::optional<std::string> typed_host_;
  Route route_;
};

TEST_F(ChooseRouteTest, TakesTheProviderOfTheHeader) {
  ASSERT_FALSE(Choose({{"x-portkey-provider", "openai"}, {"authorization", "Bearer k"}}, "gpt-5"));
  EXPECT_EQ(route_.target.provider->name(), "openai");
  EXPECT_EQ(route_.target.base_url, "https://api.openai.com/v1");
  EXPECT_EQ(route_.target.api_key.Reveal(), "k");
  EXPECT_TRUE(route_.target.key_from_caller);
  EXPECT_TRUE(route_.edits.empty());
}

TEST_F(ChooseRouteTest, TakesThePrefixOfTheModelOnlyIfNoProviderIsNamed) {
  ASSERT_FALSE(Choose({}, "echo/echo-slow"));
  EXPECT_EQ(route_.target.provider->name(), "echo");
  EXPECT_EQ(route_.model, "echo-slow");
  ASSERT_EQ(route_.edits.size(), 1u);
  EXPECT_EQ(route_.edits[0].json, "\"echo-slow\"");

  ASSERT_FALSE(Choose({{"x-portolan-provider", "openai"}, {"authorization", "Bearer k"}}, "echo/x"));
  EXPECT_EQ(route_.target.provider->name(), "openai");
  EXPECT_EQ(route_.model, "echo/x");
  EXPECT_TRUE(route_.edits.empty());

  ASSERT_FALSE(Choose({{"authorization", "Bearer k"}}, "meta-llama/llama-3"));
  EXPECT_EQ(route_.target.provider->name(), "openai");
  EXPECT_EQ(route_.model, "meta-llama/llama-3");
}

TEST_F(ChooseRouteTest, TypedOptionsBeatHeaders) {
  typed_provider_ = "echo";
  typed_host_ = "http://typed";
  ASSERT_FALSE(
      Choose({{"x-portkey-provider", "openai"}, {"x-portkey-custom-host", "http://header"}}, "echo"));
  EXPECT_EQ(route_.target.provider->name(), "echo");
  EXPECT_EQ(route_.target.base_url, "http://typed");
}

TEST_F(ChooseRouteTest, ANamedHostNeverGetsTheGatewaysKey) {
  keys_.emplace("openai", Secret("own-key"));
  ASSERT_FALSE(Choose({{"x-portkey-custom-host", "http://10.0.0.1/v1/"}}, "m"));
  EXPECT_TRUE(route_.target.api_key.empty());
  EXPECT_TRUE(route_.target.host_from_caller);
  EXPECT_EQ(route_.target.base_url, "http://10.0.0.1/v1");

  ASSERT_FALSE(Choose({{"x-portkey-config", R"({"custom_host":"http://10.0.0.1"})"}}, "m"));
  EXPECT_TRUE(route_.target.api_key.empty());

  ASSERT_FALSE(Choose({}, "m"));
  EXPECT_EQ(route_.target.api_key.Reveal(), "own-key");
  EXPECT_FALSE(route_.target.key_from_caller);
}

TEST_F(ChooseRouteTest, SaysThatAKeyIsMissingBeforeAnybodyIsCalled) {
  const auto error = Choose({}, "gpt-5");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->http_status, 401);
  EXPECT_EQ(error->code, "missing_provider_key");
  EXPECT_NE(error->message.find("OPENAI_API_KEY"), std::string::npos);
}

TEST_F(ChooseRouteTest, RefusesAnUnknownProvider) {
  const auto error = Choose({{"x-portkey-provider", "opnai"}}, "m");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->http_status, 400);
  EXPECT_EQ(error->code, "unknown_provider");
}

TEST_F(ChooseRouteTest, TakesProviderOptionsFromGatewayAndNativeHeaders) {
  ASSERT_FALSE(Choose({{"authorization", "Bearer k"},
                       {"x-portkey-openai-organization", "org-1"},
                       {"openai-project", "proj-1"},
                       {"x-portkey-anthropic-beta", "not for openai"}},
                      "m"));
  EXPECT_EQ(route_.target.option("openai_organization"), "org-1");
  EXPECT_EQ(route_.target.option("openai_project"), "proj-1");
  EXPECT_EQ(route_.target.options.size(), 2u);
}

TEST_F(ChooseRouteTest, OverrideParamsAreEditsAndMayChangeTheModel) {
  ASSERT_FALSE(
      Choose({{"x-portkey-config",
               R"({"provider":"openai","api_key":"k","override_params":{"model":"gpt-5","top_p":1}})"}},
             "other"));
  EXPECT_EQ(route_.model, "gpt-5");
  EXPECT_EQ(route_.edits.size(), 2u);
  EXPECT_EQ(route_.index, "config");
}

TEST_F(ChooseRouteTest, ReadsTheTimeoutHeader) {
  ASSERT_FALSE(Choose({{"authorization", "Bearer k"}, {"x-portkey-request-timeout", "250"}}, "m"));
  EXPECT_EQ(route_.call_timeout, std::chrono::milliseconds(250));
  for (const std::string_view bad : {"0", "-1", "1.5", "soon", "99999999999999999999"}) {
    const auto error = Choose({{"authorization", "Bearer k"}, {"x-portkey-request-timeout", bad}}, "m");
    ASSERT_TRUE(error) << bad;
    EXPECT_EQ(error->code, "invalid_request_timeout");
  }
}

}  // namespace
}  // namespace portolan::routing
