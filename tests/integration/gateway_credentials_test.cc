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
const Map kEnvironment = {{"OPENAI_API_KEY", kOpenAiKey}, {"ANTHROPIC_API_KEY", kAnthropicKey}};
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

// How the gateway was started.
constexpr unsigned kNothing = 0;
constexpr unsigned kKeys = 1;     // with a key for each provider
constexpr unsigned kDirect = 2;   // with --direct-keys
constexpr unsigned kCallers = 4;  // with caller keys

struct Case {
  const char* name;
  unsigned start;
  Headers headers;  // `{HOST}` is the URL of the named host
  To to;
  std::string seen;  // what the provider sees besides what is in every call to it, or the error's code
  std::string body = kBody;
};

using Header = Headers::value_type;
const Header kBearer = {"Authorization", "Bearer sk-of-the-caller"};
const Header kXApiKey = {"x-api-key", kTheirKey};
const Header kCallerBearer = {"Authorization", "Bearer caller-key-1"};
const Header kCallerHeader = {"x-portolan-api-key", kCallerKey};
const Header kAnthropic = {"x-portolan-provider", "anthropic"};
const Header kNamed = {"x-portolan-custom-host", "{HOST}/v1"};
const Header kConfig = {"x-portolan-config", R"({"api_key":"sk-in-the-config"})"};
const std::string kGatewaysBearer = "authorization: Bearer sk-gateway-openai\n";
const std::string kTheirBearer = "authorization: Bearer sk-of-the-caller\n";
const std::string kConfigsBearer = "authorization: Bearer sk-in-the-config\n";
const std::string kGatewaysXKey = "x-api-key: sk-gateway-anthropic\n";
const std::string kTheirXKey = "x-api-key: sk-of-the-caller\n";

const std::vector<Case> kCases = {
    {"TheGatewaysKeyGoesToItsProvider", kKeys, {}, To::kOpenAi, kGatewaysBearer},
    {"TheGatewaysKeyBeatsTheRequests", kKeys, {kBearer}, To::kOpenAi, kGatewaysBearer},
    {"DirectKeysPutTheRequestsFirst", kKeys | kDirect, {kBearer}, To::kOpenAi, kTheirBearer},
    {"DirectKeysLeaveTheGatewaysForOthers", kKeys | kDirect, {}, To::kOpenAi, kGatewaysBearer},
    {"AConfigsKeyBeatsTheGateways", kKeys, {kBearer, kConfig}, To::kOpenAi, kConfigsBearer},
    {"AConfigsKeyBeatsDirectKeys", kKeys | kDirect, {kBearer, kConfig}, To::kOpenAi, kConfigsBearer},
    {"ARequestsKeyServesWhereTheGatewayHasNone", kNothing, {kBearer}, To::kOpenAi, kTheirBearer},
    {"ABareAuthorizationIsAKey", kNothing, {{"Authorization", kTheirKey}}, To::kOpenAi, kTheirBearer},
    {"BasicCredentialsAreNoKey",
     kNothing,
     {{"Authorization", "Basic eDp5"}},
     To::kNobody,
     "missing_provider_key"},
    {"OpenAiHasNoHeaderOfItsOwnForKeys", kNothing, {kXApiKey}, To::kNobody, "missing_provider_key"},
    {"NoKeyAtAll", kNothing, {}, To::kNobody, "missing_provider_key"},

    {"AnthropicGetsTheGatewaysKeyInItsOwnHeader", kKeys, {kAnthropic}, To::kAnthropic, kGatewaysXKey},
    {"AnthropicGetsTheRequestsKeyFromItsOwnHeader",
     kNothing,
     {kAnthropic, kXApiKey},
     To::kAnthropic,
     kTheirXKey},
    {"AnthropicGetsTheRequestsBearer", kNothing, {kAnthropic, kBearer}, To::kAnthropic, kTheirXKey},
    {"AnthropicsOwnHeaderBeatsABearer",
     kNothing,
     {kAnthropic, kXApiKey, {"Authorization", "Bearer x"}},
     To::kAnthropic,
     kTheirXKey},
    {"TheGatewaysKeyBeatsAnthropicsOwnHeader", kKeys, {kAnthropic, kXApiKey}, To::kAnthropic, kGatewaysXKey},
    {"DirectKeysPutAnthropicsOwnHeaderFirst",
     kKeys | kDirect,
     {kAnthropic, kXApiKey},
     To::kAnthropic,
     kTheirXKey},
    {"AModelsPrefixChoosesTheKey",
     kKeys,
     {},
     To::kAnthropic,
     kGatewaysXKey,
     R"({"model":"anthropic/m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})"},

    {"ANamedHostNeverGetsTheGatewaysKey", kKeys, {kNamed}, To::kNamedHost, ""},
    {"ANamedHostNeverGetsTheGatewaysKeyWithDirectKeys", kKeys | kDirect, {kNamed}, To::kNamedHost, ""},
    {"AHostNamedAsPortkeyDoesNeverGetsTheGatewaysKey",
     kKeys,
     {{"x-portkey-custom-host", "{HOST}/v1"}},
     To::kNamedHost,
     ""},
    {"AHostNamedInTheConfigNeverGetsTheGatewaysKey",
     kKeys,
     {{"x-portolan-config", R"({"provider":"openai","custom_host":"{HOST}/v1"})"}},
     To::kNamedHost,
     ""},
    {"AHostNamedInTheBodyNeverGetsTheGatewaysKey",
     kKeys,
     {},
     To::kNamedHost,
     "",
     R"({"model":"m","portolan":{"custom_host":"{HOST}/v1"},"messages":[]})"},
    {"ANamedHostGetsTheRequestsKey", kKeys, {kNamed, kBearer}, To::kNamedHost, kTheirBearer},
    {"ANamedHostGetsTheConfigsKey", kKeys, {kNamed, kConfig}, To::kNamedHost, kConfigsBearer},

    {"ACallerKeyInItsHeaderIsConsumed", kKeys | kCallers, {kCallerHeader}, To::kOpenAi, kGatewaysBearer},
    {"ACallerKeyInPortkeysHeaderIsConsumed",
     kKeys | kCallers,
     {{"x-portkey-api-key", kCallerKey}},
     To::kOpenAi,
     kGatewaysBearer},
    {"ACallerKeyAsBearerIsConsumed", kKeys | kCallers, {kCallerBearer}, To::kOpenAi, kGatewaysBearer},
    {"ACallerKeyAsBearerIsConsumedWithDirectKeys",
     kKeys | kCallers | kDirect,
     {kCallerBearer},
     To::kOpenAi,
     kGatewaysBearer},
    {"ACallerKeyIsNoProviderKey", kCallers, {kCallerBearer}, To::kNobody, "missing_provider_key"},
    {"ACallerKeyAsBearerNeverReachesANamedHost", kCallers, {kCallerBearer, kNamed}, To::kNamedHost, ""},
    {"ACallerKeySentTwiceNeverReachesANamedHost",
     kCallers,
     {kCallerHeader, kCallerBearer, kNamed},
     To::kNamedHost,
     ""},
    {"AnotherCallersKeyNeverReachesANamedHost",
     kCallers,
     {kCallerHeader, {"Authorization", "Bearer caller-key-2"}, kNamed},
     To::kNamedHost,
     ""},
    {"ACallerKeyInAnthropicsHeaderIsNotForwarded",
     kKeys | kCallers | kDirect,
     {kCallerHeader, kAnthropic, {"x-api-key", kCallerKey}},
     To::kAnthropic,
     kGatewaysXKey},
    {"ACallerKeyInItsHeaderLeavesTheBearerToTheProvider",
     kCallers,
     {kCallerHeader, kBearer},
     To::kOpenAi,
     kTheirBearer},
    {"NoCallerKey", kKeys | kCallers, {}, To::kNobody, "invalid_caller_key"},
    {"AnUnknownCallerKeyAsBearer", kKeys | kCallers, {kBearer}, To::kNobody, "invalid_caller_key"},
    {"AnUnknownCallerKeyInItsHeader",
     kKeys | kCallers,
     {{"x-portolan-api-key", "nope"}, kCallerBearer},
     To::kNobody,
     "invalid_caller_key"},

    {"WhatIsOnTheAllowListPasses",
     kKeys,
     {{"X-Client-Request-Id", "c"},
      {"Idempotency-Key", "i"},
      {"tracestate", "a=b"},
      {"Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}},
     To::kOpenAi,
     kGatewaysBearer + "idempotency-key: i\n"
                       "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n"
                       "tracestate: a=b\n"
                       "x-client-request-id: c\n"},
    {"OpenAisOptionsPass",
     kKeys,
     {{"openai-organization", "org"}, {"x-portkey-openai-project", "proj"}, {"anthropic-beta", "no"}},
     To::kOpenAi,
     kGatewaysBearer + "openai-organization: org\n"
                       "openai-project: proj\n"},
    {"AnthropicsOptionsPass",
     kKeys,
     {kAnthropic, {"x-portolan-anthropic-beta", "b1"}, {"openai-organization", "no"}},
     To::kAnthropic,
     "anthropic-beta: b1\n" + kGatewaysXKey},
};

class GatewayCredentials : public ::testing::TestWithParam<Case> {};

std::string Fill(std::string text, const std::string& host) {
  if (const size_t at = text.find("{HOST}"); at != std::string::npos) text.replace(at, 6, host);
  return text;
}

std::string TakeOut(const std::string& name, Map* from) {
  const auto node = from->extract(name);
  return node.empty() ? "" : node.mapped();
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
  options.direct_keys = (test.start & kDirect) != 0;
  if ((test.start & kCallers) != 0) options.caller_keys = {Secret(kCallerKey), Secret(kOtherCallerKey)};
  GatewayFixture gateway(options, (test.start & kKeys) != 0 ? kEnvironment : Map());

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
    EXPECT_THAT(answer.body, HasSubstr("\"code\":\"" + test.seen + "\""));
    EXPECT_THAT(answer.body, HasSubstr(R"("class":"caller")"));
    return;
  }
  ASSERT_EQ(answer.status, 200) << answer.body;
  const FakeUpstream& upstream = test.to == To::kOpenAi      ? hosts.openai
                                 : test.to == To::kAnthropic ? hosts.anthropic
                                                             : named;
  const SeenRequest seen = upstream.requests().at(0);
  Map others = MeaningfulHeaders(seen);
  EXPECT_EQ(TakeOut("content-type", &others), "application/json");
  EXPECT_EQ(TakeOut("accept", &others), "application/json");
  EXPECT_EQ(TakeOut("anthropic-version", &others), test.to == To::kAnthropic ? "2023-06-01" : "");
  std::string lines;
  for (const auto& [name, value] : others) lines += name + ": " + value + "\n";
  EXPECT_EQ(lines, test.seen);
  EXPECT_THAT(seen.Header("user-agent"), ::testing::StartsWith("portolan/"));
  for (const char* secret : {kCallerKey, kOtherCallerKey}) {
    EXPECT_THAT(seen.raw_head + seen.body, Not(HasSubstr(secret)));
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, GatewayCredentials, ::testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(GatewayKeys, AreNotLentToAnotherProvider) {
  ProviderHosts hosts(AnswerInDialect);
  GatewayFixture gateway(hosts.Options(), {{"OPENAI_API_KEY", kOpenAiKey}});
  TestClient client(gateway.http_address());
  const TestAnswer answer = client.Post("/v1/chat/completions", kBody, {kAnthropic});
  EXPECT_EQ(answer.status, 401);
  EXPECT_THAT(answer.body, HasSubstr("missing_provider_key"));
  EXPECT_EQ(hosts.anthropic.connections().size(), 0u);
}

// Anthropic's version of 2026-10-21 refuses sampling: what is translated says it under the one that takes it,
// whoever asked for which.
TEST(GatewayOptions, SamplingGoesUnderTheVersionThatTakesIt) {
  ProviderHosts hosts(AnswerInDialect);
  GatewayFixture gateway(hosts.Options(), kEnvironment);
  TestClient client(gateway.http_address());
  const auto version = [&](const std::string& path, const std::string& members, const Header& option) {
    const TestAnswer answer = client.Post(
        path, R"({"model":"claude-sonnet-4-6","max_tokens":9,)" + members + "}", {kAnthropic, option});
    EXPECT_EQ(answer.status, 200) << answer.body;
    const SeenRequest seen = hosts.anthropic.requests().back();
    EXPECT_EQ(seen.CountHeader("anthropic-version"), 1);
    return seen.Header("anthropic-version");
  };
  constexpr char kChat[] = "/v1/chat/completions";
  const std::string said = R"("messages":[{"role":"user","content":"hi"}])";
  const Header newest = {"anthropic-version", "2026-10-21"};
  const Header of_config = {"x-portolan-config", R"({"anthropic_version":"2026-10-21"})"};
  for (const Header& option : {newest, of_config}) {
    EXPECT_EQ(version(kChat, said, option), "2026-10-21");
    EXPECT_EQ(version(kChat, R"("temperature":0.4,)" + said, option), "2023-06-01");
    EXPECT_EQ(version("/v1/completions", R"("prompt":"hi","top_p":0.5)", option), "2023-06-01");
    // The caller speaks to Anthropic itself.
    EXPECT_EQ(version("/v1/messages", R"("temperature":0.4,)" + said, option), "2026-10-21");
  }
}

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
  GatewayFixture gateway(options, kEnvironment);
  const std::vector<Refusal> refusals = {
      {"openai", 401, {}, "provider"},          {"openai", 403, {}, "provider"},
      {"openai", 401, {kBearer}, "caller"},     {"openai", 403, {kBearer}, "caller"},
      {"openai", 401, {kConfig}, "caller"},     {"anthropic", 401, {}, "provider"},
      {"anthropic", 401, {kXApiKey}, "caller"},
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
