#include "server/routing/route.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "portolan/v1/route_config.pb.h"
#include "providers/dialects/anthropic/anthropic.h"
#include "providers/dialects/openai/openai.h"
#include "server/routing/plan_cache.h"
#include "tests/unit/routing/compile.h"

namespace portolan::routing {
namespace {

class ResolveTargetTest : public testing::Test {
 protected:
  // Resolves the first target of the config in the headers, or of a call without one.
  std::optional<Error> Choose(const std::vector<HeaderView>& headers, std::string_view model) {
    RequestHeaders read;
    if (auto error = ReadRequestHeaders(headers, &read)) return error;
    plan_ = NewOpenRoute();
    if (!read.config.empty()) {
      if (auto error = plans_.FromText(read.config, &plan_)) return error;
    }
    return Resolve(headers, read, model, *plan_->targets[0]);
  }

  std::optional<Error> Resolve(const std::vector<HeaderView>& headers, const RequestHeaders& read,
                               std::string_view model, const RouteNode& node) {
    ProviderCredentials credentials;
    if (auto error = Authenticate(caller_keys_, read, headers, {}, &credentials)) return error;
    RoutePolicy policy;
    policy.registry = registry_.get();
    policy.direct_keys = direct_keys_;
    policy.gateway_key = [this](std::string_view provider) -> const Secret* {
      const auto found = keys_.find(std::string(provider));
      return found == keys_.end() ? nullptr : &found->second;
    };
    route_ = {};
    return ResolveTarget(policy,
                         {.headers = read,
                          .credentials = credentials,
                          .all_headers = headers,
                          .provider = typed_provider_,
                          .custom_host = typed_host_,
                          .door = door_,
                          .operation = providers::operation::kChat,
                          .model = std::string(model)},
                         *plan_, node, &route_);
  }

  const CallerKeys caller_keys_;
  const providers::Dialect* door_ = &providers::OpenAiDialect();
  const std::unique_ptr<providers::Registry> registry_ = providers::Registry::BuiltIn();
  const guardrails::NamedGuardrails guardrails_;
  const MiddlewareNames middleware_;
  PlanCache plans_{*TestCodec().Find(v1::RouteConfig::descriptor()), *registry_, guardrails_, middleware_};
  std::shared_ptr<const RoutePlan> plan_;
  bool direct_keys_ = false;
  std::map<std::string, Secret> keys_;
  std::optional<std::string> typed_provider_;
  std::optional<std::string> typed_host_;
  Route route_;
};

TEST_F(ResolveTargetTest, TakesTheProviderOfTheHeader) {
  ASSERT_FALSE(Choose({{"x-portkey-provider", "openai"}, {"authorization", "Bearer k"}}, "gpt-5"));
  EXPECT_EQ(route_.target.provider->name, "openai");
  EXPECT_EQ(route_.target.base_url, "https://api.openai.com/v1");
  EXPECT_EQ(route_.target.api_key.Reveal(), "k");
  EXPECT_TRUE(route_.target.key_from_caller);
  EXPECT_TRUE(route_.edits.empty());
}

TEST_F(ResolveTargetTest, TakesThePrefixOfTheModelOnlyIfNoProviderIsNamed) {
  ASSERT_FALSE(Choose({}, "echo/echo-slow"));
  EXPECT_EQ(route_.target.provider->name, "echo");
  EXPECT_EQ(route_.model, "echo-slow");
  ASSERT_EQ(route_.edits.size(), 1u);
  EXPECT_EQ(route_.edits[0].json, "\"echo-slow\"");

  ASSERT_FALSE(Choose({{"x-portolan-provider", "openai"}, {"authorization", "Bearer k"}}, "echo/x"));
  EXPECT_EQ(route_.target.provider->name, "openai");
  EXPECT_EQ(route_.model, "echo/x");
  EXPECT_TRUE(route_.edits.empty());

  ASSERT_FALSE(Choose({{"authorization", "Bearer k"}}, "meta-llama/llama-3"));
  EXPECT_EQ(route_.target.provider->name, "openai");
  EXPECT_EQ(route_.model, "meta-llama/llama-3");
}

// A prefix that would not change who serves is part of that server's own name of the model.
TEST_F(ResolveTargetTest, KeepsThePrefixOfTheDialectThatAHostHasAnyway) {
  const HeaderView host = {"x-portolan-custom-host", "http://host/v1"};
  const auto choose = [&](const std::vector<HeaderView>& headers, std::string_view model) {
    const auto error = Choose(headers, model);
    if (error) return error->code;
    // The edit and the model say the same.
    std::string edited;
    for (const codec::Edit& edit : route_.edits) edited = edit.json;
    if (!edited.empty()) {
      EXPECT_EQ(edited, "\"" + route_.model + "\"");
    }
    return std::string(route_.target.provider->name) + " " + route_.model + (edited.empty() ? "" : " edited");
  };
  EXPECT_EQ(choose({host}, "openai/gpt-oss-20b"), "openai openai/gpt-oss-20b");
  EXPECT_EQ(choose({{"x-portkey-custom-host", "http://host/v1"}}, "openai/a/b"), "openai openai/a/b");
  EXPECT_EQ(choose({host}, "anthropic/claude"), "anthropic claude edited");
  EXPECT_EQ(choose({host}, "meta-llama/llama-3"), "openai meta-llama/llama-3");
  EXPECT_EQ(choose({host}, "plain"), "openai plain");
  // NVIDIA's and Hugging Face's names of models, on a server of the caller's own.
  EXPECT_EQ(choose({host}, "meta/llama-3.1-8b-instruct"), "openai meta/llama-3.1-8b-instruct");
  EXPECT_EQ(choose({host}, "databricks/dbrx-instruct"), "openai databricks/dbrx-instruct");
  EXPECT_EQ(choose({host, {"x-portolan-provider", "anthropic"}}, "openai/x"), "anthropic openai/x");

  // In a config: of the request, or of an override.
  constexpr std::string_view kConfig = "x-portolan-config";
  EXPECT_EQ(choose({{kConfig, R"({"custom_host":"http://host/v1"})"}}, "openai/gpt-oss-20b"),
            "openai openai/gpt-oss-20b");
  EXPECT_EQ(choose({{kConfig, R"({"custom_host":"http://host/v1"})"}}, "anthropic/claude"),
            "anthropic claude edited");
  EXPECT_EQ(
      choose({{kConfig, R"({"custom_host":"http://h","override_params":{"model":"openai/gpt-oss-120b"}})"}},
             "m"),
      "openai openai/gpt-oss-120b edited");
  EXPECT_EQ(choose({{kConfig, R"({"strategy":{"mode":"single"},"custom_host":"http://h","targets":[{}]})"}},
                   "openai/gpt-oss-20b"),
            "openai openai/gpt-oss-20b");

  // In the request's own field.
  typed_host_ = "http://typed";
  EXPECT_EQ(choose({}, "openai/gpt-oss-20b"), "openai openai/gpt-oss-20b");
  EXPECT_EQ(choose({}, "anthropic/claude"), "anthropic claude edited");
  // Which is empty: the host is the provider's own.
  typed_host_ = "";
  EXPECT_EQ(choose({host, {"authorization", "Bearer k"}}, "openai/gpt-5"), "openai gpt-5 edited");
}

TEST_F(ResolveTargetTest, SendsOtherSchemesToOwnHostsOnly) {
  const HeaderView basic = {"authorization", "Basic dXNlcjpwYXNz"};
  const HeaderView host = {"x-portolan-custom-host", "http://host/v1"};
  keys_.emplace("anthropic", Secret("own-key"));
  const auto choose = [&](std::vector<HeaderView> headers) {
    headers.push_back(basic);
    const auto error = Choose(headers, "m");
    if (error) return error->code;
    return std::string(route_.target.authorization.Reveal()) + "|" +
           std::string(route_.target.api_key.Reveal()) + (route_.target.key_from_caller ? "|caller" : "");
  };
  EXPECT_EQ(choose({host}), "Basic dXNlcjpwYXNz||caller");
  EXPECT_EQ(choose({{"x-portolan-config", R"({"custom_host":"http://host/v1"})"}}),
            "Basic dXNlcjpwYXNz||caller");
  EXPECT_EQ(choose({host, {"x-portolan-provider", "anthropic"}, {"x-api-key", "k"}}),
            "Basic dXNlcjpwYXNz|k|caller");
  // The config's key goes before it.
  EXPECT_EQ(choose({{"x-portolan-config", R"({"custom_host":"http://host/v1","api_key":"k"})"}}),
            "|k|caller");
  // A provider's own host: no key.
  EXPECT_EQ(choose({}), "missing_provider_key");
  EXPECT_EQ(choose({{"x-portolan-provider", "anthropic"}}), "|own-key");
  direct_keys_ = true;
  EXPECT_EQ(choose({}), "missing_provider_key");
  EXPECT_EQ(choose({{"x-portolan-provider", "anthropic"}}), "|own-key");
  // Several targets at several hosts: it can be meant for none.
  EXPECT_EQ(
      choose(
          {{"x-portolan-config",
            R"({"strategy":{"mode":"fallback"},"targets":[{"custom_host":"http://a"},{"custom_host":"http://b"}]})"}}),
      "|");
}

TEST_F(ResolveTargetTest, TypedOptionsBeatHeaders) {
  typed_provider_ = "echo";
  typed_host_ = "http://typed";
  ASSERT_FALSE(
      Choose({{"x-portkey-provider", "openai"}, {"x-portkey-custom-host", "http://header"}}, "echo"));
  EXPECT_EQ(route_.target.provider->name, "echo");
  EXPECT_EQ(route_.target.base_url, "http://typed");
}

TEST_F(ResolveTargetTest, ANamedHostNeverGetsTheGatewaysKey) {
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

// A call that names nobody goes to whom the callers of its dialect mean, also at a host of their own.
TEST_F(ResolveTargetTest, TheDoorSaysWhoIsMeantWhereNobodyIsNamed) {
  door_ = &providers::AnthropicDialect();
  ASSERT_FALSE(Choose({{"x-api-key", "k"}}, "claude"));
  EXPECT_EQ(route_.target.provider->name, "anthropic");
  ASSERT_FALSE(Choose({{"x-portolan-custom-host", "http://h"}}, "anthropic/claude"));
  EXPECT_EQ(route_.target.provider->name, "anthropic");
  EXPECT_EQ(route_.model, "anthropic/claude");
  ASSERT_FALSE(Choose({{"authorization", "Bearer k"}}, "openai/gpt"));
  EXPECT_EQ(route_.target.provider->name, "openai");
  EXPECT_EQ(route_.model, "gpt");
}

TEST_F(ResolveTargetTest, CallersOfAProvidersDialectSayHowTheirKeyGoes) {
  const HeaderView bearer{"authorization", "Bearer token"};
  const HeaderView key{"x-api-key", "key"};
  const struct {
    const providers::Dialect* door;
    std::vector<HeaderView> headers;
    const char* key;
    bool is_bearer;
  } cases[] = {
      {&providers::AnthropicDialect(), {bearer}, "token", true},
      {&providers::AnthropicDialect(), {key}, "key", false},
      {&providers::AnthropicDialect(), {bearer, key}, "key", false},
      {&providers::OpenAiDialect(), {bearer}, "token", false},
  };
  for (const auto& test : cases) {
    door_ = test.door;
    std::vector<HeaderView> headers = test.headers;
    headers.push_back({"x-portolan-provider", "anthropic"});
    ASSERT_FALSE(Choose(headers, "claude"));
    EXPECT_EQ(route_.target.api_key.Reveal(), test.key);
    EXPECT_EQ(route_.target.key_is_bearer, test.is_bearer) << test.key;
  }
}

// The address of a provider may need an option; what is no part of a name could lead to another host.
TEST_F(ResolveTargetTest, PutsOptionsIntoTheAddress) {
  providers::Provider parted{
      .name = "parted",
      .base_url = "https://{parted_region}.example/{parted_project}/v1",
      .dialect = &providers::OpenAiDialect(),
      .auth = &providers::BearerAuth(),
      .options = {{.name = "parted_region", .fallback = "north"}, {.name = "parted_project"}}};
  registry_->Add(std::move(parted));
  const HeaderView named{"x-portolan-provider", "parted"};
  const HeaderView key{"authorization", "Bearer k"};
  ASSERT_FALSE(Choose({named, key, {"x-portolan-parted-project", "p-1"}}, "m"));
  EXPECT_EQ(route_.target.base_url, "https://north.example/p-1/v1");
  ASSERT_FALSE(
      Choose({named, key, {"x-portolan-parted-project", "p"}, {"x-portolan-parted-region", "s_2"}}, "m"));
  EXPECT_EQ(route_.target.base_url, "https://s_2.example/p/v1");
  const auto missing = Choose({named, key}, "m");
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->code, "missing_option");
  EXPECT_EQ(missing->param, "parted_project");
  for (const char* bad : {"evil.com/", "a.b", "a@b", "a:b", "a#", "{parted_region}", "%2e"}) {
    const auto refused = Choose({named, key, {"x-portolan-parted-project", bad}}, "m");
    ASSERT_TRUE(refused) << bad;
    EXPECT_EQ(refused->code, "invalid_option");
  }
  // A host of the caller's own is taken as it is.
  ASSERT_FALSE(Choose({named, key, {"x-portolan-custom-host", "http://h/v2"}}, "m"));
  EXPECT_EQ(route_.target.base_url, "http://h/v2");
}

TEST_F(ResolveTargetTest, SaysThatAKeyIsMissingBeforeAnybodyIsCalled) {
  const auto error = Choose({}, "gpt-5");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->http_status, 401);
  EXPECT_EQ(error->code, "missing_provider_key");
  EXPECT_NE(error->message.find("OPENAI_API_KEY"), std::string::npos);
}

TEST_F(ResolveTargetTest, RefusesAnUnknownProvider) {
  const auto error = Choose({{"x-portkey-provider", "opnai"}}, "m");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->http_status, 400);
  EXPECT_EQ(error->code, "unknown_provider");
}

TEST_F(ResolveTargetTest, TakesProviderOptionsFromGatewayAndNativeHeaders) {
  ASSERT_FALSE(Choose({{"authorization", "Bearer k"},
                       {"x-portkey-openai-organization", "org-1"},
                       {"openai-project", "proj-1"},
                       {"x-portkey-anthropic-beta", "not for openai"}},
                      "m"));
  EXPECT_EQ(route_.target.option("openai_organization"), "org-1");
  EXPECT_EQ(route_.target.option("openai_project"), "proj-1");
  EXPECT_EQ(route_.target.options.size(), 2u);
}

TEST_F(ResolveTargetTest, OverrideParamsAreEditsAndMayChangeTheModel) {
  ASSERT_FALSE(
      Choose({{"x-portkey-config",
               R"({"provider":"openai","api_key":"k","override_params":{"model":"gpt-5","top_p":1}})"}},
             "other"));
  EXPECT_EQ(route_.model, "gpt-5");
  EXPECT_EQ(route_.edits.size(), 2u);
  EXPECT_EQ(route_.index, "config");
}

TEST_F(ResolveTargetTest, ARequestsKeyIsForOneProviderHoweverTargetsNameIt) {
  const std::vector<HeaderView> headers = {{"authorization", "Bearer k"}};
  const auto choose = [&](std::string_view config, size_t target) {
    RequestHeaders read;
    EXPECT_FALSE(ReadRequestHeaders(headers, &read));
    EXPECT_FALSE(plans_.FromText(config, &plan_));
    const auto error = Resolve(headers, read, "m", *plan_->targets[target]);
    return error ? error->code : std::string(route_.target.api_key.Reveal());
  };
  constexpr std::string_view kDiffer =
      R"({"strategy":{"mode":"fallback"},"targets":[{"override_params":{"model":"openai/a"}},)"
      R"({"override_params":{"model":"anthropic/b"}}]})";
  EXPECT_EQ(choose(kDiffer, 0), "missing_provider_key");
  EXPECT_EQ(choose(kDiffer, 1), "missing_provider_key");
  constexpr std::string_view kSame =
      R"({"strategy":{"mode":"fallback"},"targets":[{"override_params":{"model":"openai/a"}},)"
      R"({"provider":"openai"},{}]})";
  for (const size_t target : {0u, 1u, 2u}) EXPECT_EQ(choose(kSame, target), "k");
  // A provider inside the gateway wants none.
  constexpr std::string_view kLocal =
      R"({"strategy":{"mode":"fallback"},"targets":[{"provider":"openai"},{"provider":"echo"}]})";
  EXPECT_EQ(choose(kLocal, 0), "k");
  EXPECT_EQ(choose(kLocal, 1), "");
}

TEST(ReadCallTimeout, TakesWholeMilliseconds) {
  RequestHeaders headers;
  std::optional<std::chrono::milliseconds> limit;
  ASSERT_FALSE(ReadCallTimeout(headers, &limit));
  EXPECT_FALSE(limit);
  headers.request_timeout = "250";
  ASSERT_FALSE(ReadCallTimeout(headers, &limit));
  EXPECT_EQ(limit, std::chrono::milliseconds(250));
  for (const std::string_view bad : {"0", "-1", "1.5", "soon", "99999999999999999999"}) {
    headers.request_timeout = bad;
    const auto error = ReadCallTimeout(headers, &limit);
    ASSERT_TRUE(error) << bad;
    EXPECT_EQ(error->code, "invalid_request_timeout");
  }
}

}  // namespace
}  // namespace portolan::routing
