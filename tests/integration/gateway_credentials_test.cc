// Whose key goes upstream, and that nothing else of the caller's does: the gateway over real sockets, the
// providers at their real names, every header they see compared.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "tests/integration/support/provider_hosts.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Map = std::map<std::string, std::string>;

constexpr char kOpenAiKey[] = "sk-gateway-openai";
constexpr char kAnthropicKey[] = "sk-gateway-anthropic";
constexpr char kCallerKey[] = "caller-key-1";
constexpr char kOtherCallerKey[] = "caller-key-2";
constexpr char kTheirKey[] = "sk-of-the-caller";
constexpr char kConfigKey[] = "sk-in-the-config";
constexpr char kBody[] = R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})";
constexpr char kOpenAiAnswer[] =
    R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]})";
constexpr char kAnthropicAnswer[] =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"yes"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}})";

Script AnswerInDialect(const SeenRequest& request) {
  const bool anthropic = request.target.find("/messages") != std::string::npos;
  return RespondJson(200, anthropic ? kAnthropicAnswer : kOpenAiAnswer);
}

// What no request may carry to a provider; sent along with every one.
const Headers kNoise = {{"Cookie", "session=1"},
                        {"Set-Cookie", "a=b"},
                        {"Proxy-Authorization", "Basic eDp5"},
                        {"Forwarded", "for=1.2.3.4"},
                        {"X-Forwarded-For", "1.2.3.4"},
                        {"Via", "1.1 somebody"},
                        {"Connection", "keep-alive, x-nominated"},
                        {"X-Nominated", "1"},
                        {"Keep-Alive", "timeout=9"},
                        {"TE", "trailers"},
                        {"Upgrade", "h2c"},
                        {"Referer", "http://intranet/"},
                        {"Accept-Language", "fr"},
                        {"X-Stainless-Os", "Linux"},
                        {"User-Agent", "somebody/1"},
                        {"x-portolan-metadata", "{}"},
                        {"x-portkey-trace-id", "trace-1"},
                        {"x-portkey-virtual-key", "vk"},
                        {"x-request-id", "call-1"}};

enum class To : uint8_t { kOpenAi, kAnthropic, kNamedHost, kNobody };

struct Case {
  const char* name;
  Map environment;
  bool direct_keys = false;
  std::vector<std::string> caller_keys;
  Headers headers;  // `{HOST}` is the URL of the named host
  To to;
  Map key;           // the headers that are not in every call to that provider
  const char* code;  // kNobody: the error's code
  std::string body = kBody;
};

const Map kBoth = {{"OPENAI_API_KEY", kOpenAiKey}, {"ANTHROPIC_API_KEY", kAnthropicKey}};
const Map kNone = {};
const Headers::value_type kTheirBearer = {"Authorization", "Bearer sk-of-the-caller"};
const Headers::value_type kCallerBearer = {"Authorization", "Bearer caller-key-1"};
const Headers::value_type kCallerHeader = {"x-portolan-api-key", "caller-key-1"};
const Headers::value_type kAnthropicProvider = {"x-portolan-provider", "anthropic"};
const Headers::value_type kNamedHost = {"x-portolan-custom-host", "{HOST}/v1"};
const std::vector<std::string> kCallers = {kCallerKey, kOtherCallerKey};
const Map kOpenAiSeesGateway = {{"authorization", "Bearer sk-gateway-openai"}};
const Map kOpenAiSeesTheirs = {{"authorization", "Bearer sk-of-the-caller"}};
const Map kOpenAiSeesConfig = {{"authorization", "Bearer sk-in-the-config"}};
const Map kAnthropicSeesGateway = {{"x-api-key", kAnthropicKey}};
const Map kAnthropicSeesTheirs = {{"x-api-key", kTheirKey}};
constexpr char kConfig[] = R"({"api_key":"sk-in-the-config"})";

const std::vector<Case> kCases = {
    {"TheGatewaysKeyGoesToItsProvider", kBoth, false, {}, {}, To::kOpenAi, kOpenAiSeesGateway, ""},
    {"TheGatewaysKeyBeatsTheRequests", kBoth, false, {}, {kTheirBearer}, To::kOpenAi, kOpenAiSeesGateway, ""},
    {"DirectKeysPutTheRequestsFirst", kBoth, true, {}, {kTheirBearer}, To::kOpenAi, kOpenAiSeesTheirs, ""},
    {"DirectKeysLeaveTheGatewaysForOthers", kBoth, true, {}, {}, To::kOpenAi, kOpenAiSeesGateway, ""},
    {"AKeyInTheConfigBeatsTheGateways",
     kBoth,
     false,
     {},
     {kTheirBearer, {"x-portolan-config", kConfig}},
     To::kOpenAi,
     kOpenAiSeesConfig,
     ""},
    {"AKeyInTheConfigBeatsDirectKeys",
     kBoth,
     true,
     {},
     {kTheirBearer, {"x-portkey-config", kConfig}},
     To::kOpenAi,
     kOpenAiSeesConfig,
     ""},
    {"TheRequestsKeyServesWhereTheGatewayHasNone",
     kNone,
     false,
     {},
     {kTheirBearer},
     To::kOpenAi,
     kOpenAiSeesTheirs,
     ""},
    {"ABareAuthorizationIsAKey",
     kNone,
     false,
     {},
     {{"Authorization", kTheirKey}},
     To::kOpenAi,
     kOpenAiSeesTheirs,
     ""},
    {"BasicCredentialsAreNoKey",
     kNone,
     false,
     {},
     {{"Authorization", "Basic eDp5"}},
     To::kNobody,
     {},
     "missing_provider_key"},
    {"OpenAiHasNoHeaderOfItsOwnForKeys",
     kNone,
     false,
     {},
     {{"x-api-key", kTheirKey}},
     To::kNobody,
     {},
     "missing_provider_key"},
    {"NoKeyAtAll", kNone, false, {}, {}, To::kNobody, {}, "missing_provider_key"},

    {"AnthropicGetsTheGatewaysKeyInItsOwnHeader",
     kBoth,
     false,
     {},
     {kAnthropicProvider},
     To::kAnthropic,
     kAnthropicSeesGateway,
     ""},
    {"AnthropicTakesTheRequestsKeyFromItsOwnHeader",
     kNone,
     false,
     {},
     {kAnthropicProvider, {"x-api-key", kTheirKey}},
     To::kAnthropic,
     kAnthropicSeesTheirs,
     ""},
    {"AnthropicTakesABearerAsWell",
     kNone,
     false,
     {},
     {kAnthropicProvider, kTheirBearer},
     To::kAnthropic,
     kAnthropicSeesTheirs,
     ""},
    {"AnthropicsOwnHeaderBeatsABearer",
     kNone,
     false,
     {},
     {kAnthropicProvider, {"x-api-key", kTheirKey}, {"Authorization", "Bearer x"}},
     To::kAnthropic,
     kAnthropicSeesTheirs,
     ""},
    {"TheGatewaysKeyBeatsAnthropicsOwnHeader",
     kBoth,
     false,
     {},
     {kAnthropicProvider, {"x-api-key", kTheirKey}},
     To::kAnthropic,
     kAnthropicSeesGateway,
     ""},
    {"DirectKeysPutAnthropicsOwnHeaderFirst",
     kBoth,
     true,
     {},
     {kAnthropicProvider, {"x-api-key", kTheirKey}},
     To::kAnthropic,
     kAnthropicSeesTheirs,
     ""},
    {"OneProvidersKeyIsNotAnothers",
     {{"OPENAI_API_KEY", kOpenAiKey}},
     false,
     {},
     {kAnthropicProvider},
     To::kNobody,
     {},
     "missing_provider_key"},
    {"AModelsPrefixChoosesTheKeyToo",
     kBoth,
     false,
     {},
     {},
     To::kAnthropic,
     kAnthropicSeesGateway,
     "",
     R"({"model":"anthropic/m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})"},

    {"ANamedHostNeverGetsTheGatewaysKey", kBoth, false, {}, {kNamedHost}, To::kNamedHost, {}, ""},
    {"ANamedHostNeverGetsTheGatewaysKeyWithDirectKeys",
     kBoth,
     true,
     {},
     {kNamedHost},
     To::kNamedHost,
     {},
     ""},
    {"AHostNamedInTheConfigNeverGetsTheGatewaysKey",
     kBoth,
     false,
     {},
     {{"x-portolan-config", R"({"provider":"openai","custom_host":"{HOST}/v1"})"}},
     To::kNamedHost,
     {},
     ""},
    {"AHostNamedInTheBodyNeverGetsTheGatewaysKey",
     kBoth,
     false,
     {},
     {},
     To::kNamedHost,
     {},
     "",
     R"({"model":"m","portolan":{"custom_host":"{HOST}/v1"},"messages":[{"role":"user","content":"hi"}]})"},
    {"ANamedHostGetsTheRequestsKey",
     kBoth,
     false,
     {},
     {kNamedHost, kTheirBearer},
     To::kNamedHost,
     kOpenAiSeesTheirs,
     ""},
    {"ANamedHostGetsTheConfigsKey",
     kBoth,
     false,
     {},
     {kNamedHost, {"x-portolan-config", kConfig}},
     To::kNamedHost,
     kOpenAiSeesConfig,
     ""},

    {"ACallerKeyInItsHeaderIsConsumed",
     kBoth,
     false,
     kCallers,
     {kCallerHeader},
     To::kOpenAi,
     kOpenAiSeesGateway,
     ""},
    {"ACallerKeyInPortkeysHeaderIsConsumed",
     kBoth,
     false,
     kCallers,
     {{"x-portkey-api-key", kCallerKey}},
     To::kOpenAi,
     kOpenAiSeesGateway,
     ""},
    {"ACallerKeyAsBearerIsConsumed",
     kBoth,
     false,
     kCallers,
     {kCallerBearer},
     To::kOpenAi,
     kOpenAiSeesGateway,
     ""},
    {"ACallerKeyAsBearerIsConsumedWithDirectKeys",
     kBoth,
     true,
     kCallers,
     {kCallerBearer},
     To::kOpenAi,
     kOpenAiSeesGateway,
     ""},
    {"ACallerKeyIsNoProviderKey",
     kNone,
     false,
     kCallers,
     {kCallerBearer},
     To::kNobody,
     {},
     "missing_provider_key"},
    {"ACallerKeyAsBearerNeverReachesANamedHost",
     kNone,
     false,
     kCallers,
     {kCallerBearer, kNamedHost},
     To::kNamedHost,
     {},
     ""},
    {"ACallerKeySentTwiceNeverReachesANamedHost",
     kNone,
     false,
     kCallers,
     {kCallerHeader, kCallerBearer, kNamedHost},
     To::kNamedHost,
     {},
     ""},
    {"AnotherCallersKeyNeverReachesANamedHost",
     kNone,
     false,
     kCallers,
     {kCallerHeader, {"Authorization", "Bearer caller-key-2"}, kNamedHost},
     To::kNamedHost,
     {},
     ""},
    {"ACallerKeyInAnthropicsHeaderIsNotForwarded",
     kBoth,
     true,
     kCallers,
     {kCallerHeader, kAnthropicProvider, {"x-api-key", kCallerKey}},
     To::kAnthropic,
     kAnthropicSeesGateway,
     ""},
    {"ACallerKeyInItsHeaderLeavesTheBearerToTheProvider",
     kNone,
     false,
     kCallers,
     {kCallerHeader, kTheirBearer},
     To::kOpenAi,
     kOpenAiSeesTheirs,
     ""},
    {"NoCallerKey", kBoth, false, kCallers, {}, To::kNobody, {}, "invalid_caller_key"},
    {"AnUnknownCallerKeyAsBearer",
     kBoth,
     false,
     kCallers,
     {kTheirBearer},
     To::kNobody,
     {},
     "invalid_caller_key"},
    {"AnUnknownCallerKeyInItsHeader",
     kBoth,
     false,
     kCallers,
     {{"x-portolan-api-key", "nope"}, kCallerBearer},
     To::kNobody,
     {},
     "invalid_caller_key"},

    {"WhatIsOnTheAllowListPasses",
     kBoth,
     false,
     {},
     {{"Idempotency-Key", "i"},
      {"Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
      {"tracestate", "a=b"},
      {"X-Client-Request-Id", "c"}},
     To::kOpenAi,
     {{"authorization", "Bearer sk-gateway-openai"},
      {"idempotency-key", "i"},
      {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
      {"tracestate", "a=b"},
      {"x-client-request-id", "c"}},
     ""},
    {"OpenAisOptionsPass",
     kBoth,
     false,
     {},
     {{"openai-organization", "org"}, {"x-portkey-openai-project", "proj"}, {"anthropic-beta", "no"}},
     To::kOpenAi,
     {{"authorization", "Bearer sk-gateway-openai"},
      {"openai-organization", "org"},
      {"openai-project", "proj"}},
     ""},
    {"AnthropicsOptionsPass",
     kBoth,
     false,
     {},
     {kAnthropicProvider,
      {"x-portolan-anthropic-beta", "b1"},
      {"anthropic-version", "2024-01-01"},
      {"openai-organization", "no"}},
     To::kAnthropic,
     {{"x-api-key", kAnthropicKey}, {"anthropic-beta", "b1"}, {"anthropic-version", "2024-01-01"}},
     ""},
};

class GatewayCredentials : public ::testing::TestWithParam<Case> {};

std::string Fill(std::string text, const std::string& host) {
  if (const size_t at = text.find("{HOST}"); at != std::string::npos) text.replace(at, 6, host);
  return text;
}

std::string Text(const TestAnswer& answer) {
  std::string text;
  for (const auto& [name, value] : answer.headers) text += name + ": " + value + "\n";
  return text + answer.body;
}

TEST_P(GatewayCredentials, DecideWhoSeesWhat) {
  const Case& test = GetParam();
  ProviderHosts hosts(AnswerInDialect);
  FakeUpstream named(AnswerInDialect);
  config::ServeOptions options = hosts.Options();
  options.direct_keys = test.direct_keys;
  for (const std::string& key : test.caller_keys) options.caller_keys.emplace_back(key);
  GatewayFixture gateway(options, test.environment);

  Headers headers = kNoise;
  for (const auto& [name, value] : test.headers) headers.emplace_back(name, Fill(value, named.url()));
  TestClient client(gateway.http_address());
  const TestAnswer answer = client.Post("/v1/chat/completions", Fill(test.body, named.url()), headers);

  for (const char* secret : {kOpenAiKey, kAnthropicKey, kCallerKey, kTheirKey, kConfigKey}) {
    EXPECT_THAT(Text(answer), Not(HasSubstr(secret)));
  }
  EXPECT_EQ(hosts.openai.requests().size(), test.to == To::kOpenAi ? 1u : 0u);
  EXPECT_EQ(hosts.anthropic.requests().size(), test.to == To::kAnthropic ? 1u : 0u);
  EXPECT_EQ(named.requests().size(), test.to == To::kNamedHost ? 1u : 0u);
  if (test.to == To::kNobody) {
    EXPECT_EQ(answer.status, 401) << answer.body;
    EXPECT_THAT(answer.body, HasSubstr("\"code\":\"" + std::string(test.code) + "\""));
    EXPECT_THAT(answer.body, HasSubstr(R"("class":"caller")"));
    return;
  }
  ASSERT_EQ(answer.status, 200) << answer.body;
  const FakeUpstream& upstream = test.to == To::kOpenAi      ? hosts.openai
                                 : test.to == To::kAnthropic ? hosts.anthropic
                                                             : named;
  const SeenRequest seen = upstream.requests().at(0);
  Map expected = test.key;
  expected.emplace("content-type", "application/json");
  expected.emplace("accept", "application/json");
  if (test.to == To::kAnthropic) expected.emplace("anthropic-version", "2023-06-01");
  EXPECT_EQ(MeaningfulHeaders(seen), expected);
  EXPECT_THAT(seen.Header("user-agent"), ::testing::StartsWith("portolan/"));
  for (const char* secret : {kCallerKey, kOtherCallerKey}) {
    EXPECT_THAT(seen.raw_head + seen.body, Not(HasSubstr(secret)));
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, GatewayCredentials, ::testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

// Whose fault a refused key is.
struct Refusal {
  const char* provider;
  int status;
  Headers headers;
  const char* error_class;
};

TEST(GatewayRefusedKeys, AreTheFaultOfWhoeverHoldsThem) {
  const char kOpenAiError[] =
      R"({"error":{"message":"Incorrect API key","type":"invalid_request_error","param":null,"code":"invalid_api_key"}})";
  const char kAnthropicError[] =
      R"({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}})";
  std::atomic<int> status{401};
  ProviderHosts hosts([&](const SeenRequest& request) {
    const bool anthropic = request.target.find("/messages") != std::string::npos;
    return RespondJson(status, anthropic ? kAnthropicError : kOpenAiError);
  });
  config::ServeOptions options = hosts.Options();
  options.direct_keys = true;
  GatewayFixture gateway(options, kBoth);
  const std::vector<Refusal> refusals = {
      {"openai", 401, {}, "provider"},
      {"openai", 403, {}, "provider"},
      {"openai", 401, {kTheirBearer}, "caller"},
      {"openai", 403, {kTheirBearer}, "caller"},
      {"openai", 401, {{"x-portolan-config", kConfig}}, "caller"},
      {"anthropic", 401, {}, "provider"},
      {"anthropic", 401, {{"x-api-key", kTheirKey}}, "caller"},
  };
  for (const Refusal& refusal : refusals) {
    SCOPED_TRACE(refusal.provider + std::string(" as ") + refusal.error_class);
    status = refusal.status;
    Headers headers = refusal.headers;
    headers.emplace_back("x-portolan-provider", refusal.provider);
    TestClient client(gateway.http_address());
    const TestAnswer answer = client.Post("/v1/chat/completions", kBody, headers);
    EXPECT_EQ(answer.status, refusal.status);
    const std::string error_class = "\"class\":\"" + std::string(refusal.error_class) + "\"";
    if (std::string(refusal.provider) == "openai") {
      EXPECT_EQ(answer.body, kOpenAiError) << "the caller's own dialect is passed untouched";
      EXPECT_THAT(answer.Header("x-portolan-error"), HasSubstr(error_class));
      EXPECT_THAT(answer.Header("x-portolan-error"), HasSubstr(R"("code":"invalid_api_key")"));
    } else {
      EXPECT_THAT(answer.body, HasSubstr(error_class));
      EXPECT_THAT(answer.body, HasSubstr("invalid x-api-key"));
      EXPECT_EQ(answer.Header("x-portolan-error"), "");
    }
  }
}

}  // namespace
}  // namespace portolan::test
