// Whose key goes where, when a route has several targets: every header that every target sees is compared.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/integration/support/provider_hosts.h"
#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using ::testing::ElementsAreArray;

// What every caller here sends besides, and no target may see.
const Headers kNoise = {{"x-portkey-trace-id", "trace-1"},
                        {"x-portolan-metadata", R"({"plan":"paid"})"},
                        {"x-portkey-virtual-key", "vk"},
                        {"x-portkey-cache-force-refresh", "true"},
                        {"cookie", "session=1"},
                        {"x-tenant", "acme"},
                        {"x-team", "blue"}};

constexpr char kOpenAiKey[] = "sk-gateway-openai";
constexpr char kAnthropicKey[] = "sk-gateway-anthropic";
using Header = Headers::value_type;
const Header kBearer = {"authorization", "Bearer sk-caller"};

struct Case {
  const char* name;
  bool gateway_keys;
  bool direct_keys;
  Headers headers;
  std::string targets;  // members of a fallback's list; `{HOST}` is a host of its own
  // One line for each target that was asked, in order: who, and what it saw besides what each of its kind
  // sees.
  std::vector<std::string> seen;
  const char* code = nullptr;  // of the answer's error
};

const std::vector<Case> kCases = {
    {"AConfigsKeysGoToTheirTargets",
     true,
     false,
     {kBearer},
     R"({"provider":"openai","api_key":"k1"},{"provider":"anthropic","api_key":"k2"},)"
     R"({"provider":"openai","api_key":"k3","custom_host":"{HOST}"})",
     {"openai authorization: Bearer k1", "anthropic x-api-key: k2", "host authorization: Bearer k3"}},
    {"TheGatewaysKeysGoToTheirProvidersOwnHosts",
     true,
     false,
     {},
     R"({"provider":"openai","custom_host":"{HOST}"},{"provider":"openai"},{"provider":"anthropic"})",
     {"host", "openai authorization: Bearer sk-gateway-openai", "anthropic x-api-key: sk-gateway-anthropic"}},
    {"ARequestsKeyGoesToTheOnlyTarget",
     false,
     false,
     {kBearer},
     R"({"provider":"anthropic"})",
     {"anthropic x-api-key: sk-caller"}},
    {"ARequestsKeyGoesToTheOnlyOneWithoutAKey",
     false,
     false,
     {kBearer},
     R"({"provider":"openai","api_key":"k1"},{"provider":"anthropic"})",
     {"openai authorization: Bearer k1", "anthropic x-api-key: sk-caller"}},
    {"ARequestsKeyGoesToANamedHostBesideTheGatewaysOwn",
     true,
     false,
     {kBearer},
     R"({"provider":"openai"},{"provider":"openai","custom_host":"{HOST}"})",
     {"openai authorization: Bearer sk-gateway-openai", "host authorization: Bearer sk-caller"}},
    {"ARequestsKeyGoesToAllOfOneProviderAndHost",
     false,
     false,
     {kBearer},
     R"({"provider":"openai"},{"provider":"openai","override_params":{"seed":1}})",
     {"openai authorization: Bearer sk-caller", "openai authorization: Bearer sk-caller"}},
    {"ARequestsKeyGoesToNobodyAmongTwoProviders",
     false,
     false,
     {kBearer},
     R"({"provider":"openai"},{"provider":"anthropic"})",
     {},
     "missing_provider_key"},
    {"ARequestsKeyGoesToNobodyAmongTwoHosts",
     false,
     false,
     {kBearer},
     R"({"provider":"openai","custom_host":"{HOST}"},{"provider":"openai"})",
     {"host"},
     "missing_provider_key"},
    {"ARequestsKeyGoesToNobodyAmongProvidersThatOnlyTheirModelsName",
     false,
     false,
     {kBearer},
     R"({"override_params":{"model":"openai/a"}},{"override_params":{"model":"anthropic/b"}})",
     {},
     "missing_provider_key"},
    {"AProviderThatIsNotNamedIsTheOneThatServes",
     false,
     false,
     {kBearer},
     R"({"override_params":{"model":"openai/a"}},{"provider":"openai"},{})",
     {"openai authorization: Bearer sk-caller", "openai authorization: Bearer sk-caller",
      "openai authorization: Bearer sk-caller"}},
    {"ATargetInsideTheGatewayWantsNoKey",
     false,
     false,
     {kBearer},
     R"({"provider":"openai"},{"provider":"echo","override_params":{"model":"echo-fail-401"}})",
     {"openai authorization: Bearer sk-caller"}},
    {"DirectKeysAreForOneProviderToo",
     true,
     true,
     {kBearer},
     R"({"provider":"openai"},{"provider":"anthropic"})",
     {"openai authorization: Bearer sk-gateway-openai", "anthropic x-api-key: sk-gateway-anthropic"}},
    {"ANamedHostOfTheHeaderIsEverybodysHost",
     true,
     false,
     {kBearer, {"x-portolan-custom-host", "{HOST}"}},
     R"({"provider":"openai","custom_host":"http://127.0.0.1:1"},{"provider":"openai"})",
     {"host authorization: Bearer sk-caller", "host authorization: Bearer sk-caller"}},

    {"OptionsOfTheRequestGoWhereItsKeyGoes",
     false,
     false,
     {kBearer, {"openai-organization", "org-1"}, {"x-portkey-openai-project", "proj-1"}},
     R"({"provider":"openai","api_key":"k1"},{"provider":"openai"})",
     {"openai authorization: Bearer k1",
      "openai authorization: Bearer sk-caller, openai-organization: org-1, openai-project: proj-1"}},
    {"OptionsOfTheRequestGoToNobodyAmongTargetsWithKeys",
     false,
     false,
     {{"openai-organization", "org-1"}, {"anthropic-beta", "b"}},
     R"({"provider":"openai","api_key":"k1"},{"provider":"anthropic","api_key":"k2"})",
     {"openai authorization: Bearer k1", "anthropic x-api-key: k2"}},
    {"OptionsOfTheRequestGoToTheOnlyTarget",
     false,
     false,
     {{"openai-organization", "org-1"}},
     R"({"provider":"openai","api_key":"k1"})",
     {"openai authorization: Bearer k1, openai-organization: org-1"}},
    {"OptionsOfTheConfigGoToTheirTarget",
     false,
     false,
     {},
     R"({"provider":"openai","api_key":"k1","openai_organization":"org-2"},{"provider":"openai","api_key":"k2"})",
     {"openai authorization: Bearer k1, openai-organization: org-2", "openai authorization: Bearer k2"}},

    {"HeadersAreForwardedToTheTargetsThatNameThem",
     false,
     false,
     {},
     R"({"provider":"openai","api_key":"k1","forward_headers":["X-Tenant","x-absent"]},)"
     R"({"provider":"anthropic","api_key":"k2"},)"
     R"({"provider":"openai","api_key":"k3","forward_headers":["x-team"],"custom_host":"{HOST}"})",
     {"openai authorization: Bearer k1, x-tenant: acme", "anthropic x-api-key: k2",
      "host authorization: Bearer k3, x-team: blue"}},
    {"AListInAHeaderBeatsTheConfigs",
     false,
     false,
     {{"x-portkey-forward-headers", " X-Team ,, x-absent"}},
     R"({"provider":"openai","api_key":"k1","forward_headers":["x-tenant"]},{"provider":"anthropic","api_key":"k2"})",
     {"openai authorization: Bearer k1, x-team: blue", "anthropic x-api-key: k2, x-team: blue"}},
    {"WhatTheGatewaySaysByItselfIsSaidOnce",
     false,
     false,
     {{"x-portolan-forward-headers", "user-agent, accept, openai-organization"},
      {"user-agent", "caller/1"},
      {"openai-organization", "org-1"}},
     R"({"provider":"openai","api_key":"k1"})",
     {"openai authorization: Bearer k1, openai-organization: org-1, user-agent: caller/1"}},
    {"ACredentialCannotBeForwarded",
     false,
     false,
     {kBearer, {"x-portolan-forward-headers", "x-team, Authorization"}},
     R"({"provider":"openai","api_key":"k1"})",
     {},
     "invalid_forward_headers"},
    {"NorAHeaderOfTheGatewaysOwn",
     false,
     false,
     {{"x-portolan-forward-headers", "x-portkey-metadata"}},
     R"({"provider":"openai","api_key":"k1"})",
     {},
     "invalid_forward_headers"},
};

// What this request brought besides what the gateway sends with each.
std::string Noteworthy(const SeenRequest& request) {
  std::map<std::string, std::string> headers = MeaningfulHeaders(request);
  headers.erase("content-type");
  headers.erase("accept");
  headers.erase("anthropic-version");
  const std::string agent = request.Header("user-agent");
  if (!agent.starts_with("portolan/")) headers["user-agent"] = agent;
  std::string text;
  for (const auto& [name, value] : headers)
    text.append(text.empty() ? "" : ", ").append(name).append(": ").append(value);
  return text;
}

class RoutingCredentials : public ::testing::TestWithParam<Case> {
 protected:
  // Fails every request, and takes down who was asked and what came.
  FakeUpstream::Handler Handler(const std::string& name) {
    return [this, name](const SeenRequest& request) {
      const bool anthropic = request.target.find("/messages") != std::string::npos;
      const std::string who = name.empty() ? anthropic ? "anthropic" : "openai" : name;
      const std::string headers = Noteworthy(request);
      const std::lock_guard lock(mutex_);
      seen_.push_back(headers.empty() ? who : who + " " + headers);
      return Failing(request, 500);
    };
  }

  std::mutex mutex_;
  std::vector<std::string> seen_;
  ProviderHosts providers_{Handler("")};
  FakeUpstream host_{Handler("host")};
};

void Put(std::string* text, const std::string& host) {
  for (size_t at; (at = text->find("{HOST}")) != std::string::npos;) text->replace(at, 6, host);
}

TEST_P(RoutingCredentials, GoWhereTheyAreMeantToGo) {
  const Case& test = GetParam();
  config::ServeOptions options = providers_.Options();
  options.direct_keys = test.direct_keys;
  std::map<std::string, std::string> environment;
  if (test.gateway_keys) environment = {{"OPENAI_API_KEY", kOpenAiKey}, {"ANTHROPIC_API_KEY", kAnthropicKey}};
  const GatewayFixture gateway(options, environment);
  const RouteCaller caller(gateway);
  RouteCall call{.config = R"({"strategy":{"mode":"fallback"},"targets":[)" + test.targets + "]}"};
  Put(&call.config, host_.url() + "/v1");
  call.headers = kNoise;
  for (Header header : test.headers) {
    Put(&header.second, host_.url() + "/v1");
    call.headers.push_back(header);
  }
  for (const RouteCall& each : AtBothDoors(call)) {
    SCOPED_TRACE(Describe(each));
    const bool agent = test.name == std::string("WhatTheGatewaySaysByItselfIsSaidOnce");
    if (agent && each.door == Door::kGrpc) continue;  // gRPC's clients write their own
    const RouteAnswer answer = caller.Call(each);
    EXPECT_NE(answer.status, 200);
    if (test.code != nullptr) {
      EXPECT_EQ(answer.code, test.code);
    }
    const std::lock_guard lock(mutex_);
    EXPECT_THAT(seen_, ElementsAreArray(test.seen));
    seen_.clear();
  }
}

INSTANTIATE_TEST_SUITE_P(All, RoutingCredentials, ::testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace portolan::test
