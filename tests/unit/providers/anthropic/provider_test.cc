#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/dialects/common/claude_models.h"
#include "providers/dialects/openai/openai.h"
#include "providers/retry_after.h"
#include "tests/unit/providers/anthropic/harness.h"

namespace portolan::providers::anthropic {
namespace {

using nlohmann::json;

const Harness& TheHarness() {
  static const Harness* const harness = new Harness;
  return *harness;
}

Target TargetWith(std::string key, bool from_caller = false) {
  Target target;
  target.provider = &TheHarness().provider();
  target.base_url = "https://api.anthropic.com/v1";
  target.api_key = Secret(std::move(key));
  target.key_from_caller = from_caller;
  return target;
}

std::string Headers(const HttpCall& call) {
  std::string text;
  for (const HeaderField& field : call.headers) text += field.name + ": " + field.value + "\n";
  return text;
}

HttpCall Located(std::string_view operation, const Target& target, CallFacts facts = {}) {
  facts.operation = operation;
  return Locate(TheHarness().form(operation), facts, target);
}

// The call with its credentials, which come last and only where there is a key.
HttpCall Authenticated(const Target& target) {
  HttpCall call = Located(operation::kChat, target);
  if (target.api_key.Reveal().empty()) return call;
  EXPECT_TRUE(std::holds_alternative<Done>(target.provider->auth->Apply({}, target, &call.headers)));
  return call;
}

Error Classified(int status, std::span<const HeaderView> headers, std::string_view body,
                 const Target& target) {
  return target.provider->dialect->ReadError(status, headers, body, target);
}

TEST(AnthropicProvider, IsKnownByItsNames) {
  const Provider& provider = TheHarness().provider();
  EXPECT_EQ(provider.name, "anthropic");
  EXPECT_EQ(provider.dialect->name(), "anthropic");
  EXPECT_EQ(provider.base_url, "https://api.anthropic.com/v1");
  ASSERT_EQ(provider.auth->key_headers().size(), 1u);
  EXPECT_EQ(provider.auth->key_headers()[0], "x-api-key");
  EXPECT_THAT(provider.key_variables, testing::ElementsAre("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"));
}

TEST(AnthropicProvider, SendsAKeyInItsOwnHeader) {
  const HttpCall call = Authenticated(TargetWith("sk-ant-api03-x"));
  EXPECT_EQ(call.method, "POST");
  EXPECT_EQ(call.path, "/messages");
  EXPECT_EQ(Headers(call), "anthropic-version: 2023-06-01\nx-api-key: sk-ant-api03-x\n");
}

TEST(AnthropicProvider, SendsATokenAsABearer) {
  EXPECT_EQ(Headers(Authenticated(TargetWith("sk-ant-oat01-x"))),
            "anthropic-version: 2023-06-01\nauthorization: Bearer sk-ant-oat01-x\n");
}

TEST(AnthropicProvider, SendsAsABearerWhatACallerSentAsABearer) {
  Target target = TargetWith("key-of-a-gateway-behind");
  target.key_is_bearer = true;
  EXPECT_EQ(Headers(Authenticated(target)),
            "anthropic-version: 2023-06-01\nauthorization: Bearer key-of-a-gateway-behind\n");
}

TEST(AnthropicProvider, SendsNoKeyWhereThereIsNone) {
  EXPECT_EQ(Headers(Authenticated(TargetWith(""))), "anthropic-version: 2023-06-01\n");
}

TEST(AnthropicProvider, SendsTheVersionAndBetasThatAreGiven) {
  Target target = TargetWith("k");
  target.options = {{"anthropic_version", "2026-10-21"}, {"anthropic_beta", "files-api-2025-04-14,b"}};
  EXPECT_EQ(Headers(Authenticated(target)),
            "anthropic-version: 2026-10-21\nanthropic-beta: files-api-2025-04-14,b\nx-api-key: k\n");
}

// The version of 2026-10-21 refuses sampling, so that it would be lost with the call.
TEST(AnthropicProvider, SendsSamplingUnderTheVersionThatTakesIt) {
  const auto options = [](const char* model, const json& members) {
    json request = {{"model", model}, {"messages", {{{"role", "user"}, {"content", "hi"}}}}};
    request.update(members);
    std::string text;
    for (const HeaderField& option : TheHarness().Encode(request).options) {
      text += option.name + ": " + option.value + "\n";
    }
    return text;
  };
  constexpr char kVersion[] = "anthropic_version: 2023-06-01\n";
  for (const json& sampling : {json{{"temperature", 0.4}}, json{{"temperature", 0}}, json{{"top_p", 0.5}},
                               json{{"top_k", 5}}, json{{"temperature", 1}, {"top_p", 0.5}}}) {
    EXPECT_EQ(options("claude-sonnet-4-6", sampling), kVersion) << sampling;
    EXPECT_EQ(options("claude-opus-4-8", sampling), "") << sampling << " is left out for this model";
  }
  EXPECT_EQ(options("claude-sonnet-4-6", {{"max_tokens", 9}, {"stop", "x"}}), "");
}

TEST(AnthropicProvider, AsksForModels) {
  const HttpCall list = Located(operation::kListModels, TargetWith("k"));
  EXPECT_EQ(list.method, "GET");
  EXPECT_EQ(list.path, "/models?limit=1000");
  const auto path_with = [&](std::string_view query) {
    return Located(operation::kListModels, TargetWith("k"), {.query = query}).path;
  };
  EXPECT_EQ(path_with("after_id=m%201"), "/models?limit=1000&after_id=m%201");
  EXPECT_EQ(path_with("limit=5"), "/models?limit=5");
  EXPECT_EQ(path_with("before_id=x&limit=5"), "/models?before_id=x&limit=5");
  EXPECT_EQ(path_with("unlimited=5&limits=5"), "/models?limit=1000&unlimited=5&limits=5");
  const HttpCall one = Located(operation::kGetModel, TargetWith("k"), {.model = "claude/../x y?"});
  EXPECT_EQ(one.method, "GET");
  EXPECT_EQ(one.path, "/models/claude%2F..%2Fx%20y%3F");
}

TEST(AnthropicProvider, CompletesTextByItsChatAndHasNoEmbeddings) {
  for (const std::string_view operation : {operation::kCompletion, operation::kEmbedding}) {
    EXPECT_EQ(TheHarness().provider().Find(operation), nullptr);
  }
  const Way text = WayOf(OpenAiDialect(), operation::kCompletion, TheHarness().provider());
  ASSERT_EQ(text.kind, Way::Kind::kMap);
  EXPECT_EQ(text.form->request, TheHarness().provider().Find(operation::kChat)->request);
  EXPECT_EQ(WayOf(OpenAiDialect(), operation::kEmbedding, TheHarness().provider()).kind,
            Way::Kind::kUnsupported);
}

struct ClassifyCase {
  const char* name;
  int status;
  const char* body;
  bool key_from_caller;
  ErrorClass error_class;
  const char* type;
  const char* code;
  const char* message;
  bool retryable;
};

class ClassifyTest : public testing::TestWithParam<ClassifyCase> {};

TEST_P(ClassifyTest, SaysWhoseFaultItIs) {
  const ClassifyCase& c = GetParam();
  const Error error = Classified(c.status, {}, c.body, TargetWith("k", c.key_from_caller));
  EXPECT_EQ(error.http_status, c.status);
  EXPECT_EQ(error.error_class, c.error_class);
  EXPECT_EQ(error.type, c.type);
  EXPECT_EQ(error.code, c.code);
  EXPECT_EQ(error.message, c.message);
  EXPECT_EQ(error.retryable, c.retryable);
}

constexpr ClassifyCase kErrors[] = {
    {"BadRequest", 400,
     R"({"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: too many"},"request_id":"r"})",
     false, ErrorClass::kCaller, "invalid_request_error", "invalid_request_error", "max_tokens: too many",
     false},
    {"GatewaysKeyRefused", 401,
     R"({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}})", false,
     ErrorClass::kProvider, "authentication_error", "authentication_error", "invalid x-api-key", false},
    {"CallersKeyRefused", 401,
     R"({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}})", true,
     ErrorClass::kCaller, "authentication_error", "authentication_error", "invalid x-api-key", false},
    {"GatewaysKeyForbidden", 403, R"({"type":"error","error":{"type":"permission_error","message":"no"}})",
     false, ErrorClass::kProvider, "permission_error", "permission_error", "no", false},
    {"RateLimit", 429, R"({"type":"error","error":{"type":"rate_limit_error","message":"slow down"}})", false,
     ErrorClass::kProvider, "rate_limit_error", "rate_limit_error", "slow down", true},
    {"Overloaded", 529, R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})",
     false, ErrorClass::kProvider, "api_error", "overloaded_error", "Overloaded", true},
    {"NoJson", 502, "<html>Bad gateway</html>", false, ErrorClass::kProvider, "api_error",
     "upstream_status_502", "Bad gateway", true},
    {"OfAnotherServer", 400, R"({"statusCode":400,"error":"Bad Request","message":"max_tokens must be set"})",
     false, ErrorClass::kCaller, "invalid_request_error", "upstream_status_400", "max_tokens must be set",
     false},
    {"ACodeAndNoType", 404, R"({"error":{"message":"no such model","code":"model_missing"}})", false,
     ErrorClass::kCaller, "not_found_error", "model_missing", "no such model", false},
    {"Empty", 500, "", false, ErrorClass::kProvider, "api_error", "upstream_status_500",
     "anthropic answered with status 500", true},
};
INSTANTIATE_TEST_SUITE_P(All, ClassifyTest, testing::ValuesIn(kErrors),
                         [](const auto& test) { return test.param.name; });

TEST(AnthropicProvider, SaysWhenToTryAgain) {
  const HeaderView headers[] = {{"retry-after", "25"}};
  const Error error = Classified(429, headers, "", TargetWith("k"));
  EXPECT_EQ(error.retry_after, std::chrono::seconds(25));
}

TEST(AnthropicProvider, BelievesAnthropicOnWhetherToTryAgain) {
  const HeaderView yes[] = {{"x-should-retry", "true"}};
  const HeaderView no[] = {{"x-should-retry", "false"}};
  EXPECT_TRUE(Classified(400, yes, "", TargetWith("k")).retryable);
  EXPECT_FALSE(Classified(529, no, "", TargetWith("k")).retryable);
}

TEST(AnthropicProvider, ShortensLongMessagesBetweenCharacters) {
  std::string message;
  while (message.size() < 10000) message += "\u00e9";
  const json body = {{"type", "error"}, {"error", {{"type", "api_error"}, {"message", "x" + message}}}};
  const Error error = Classified(500, {}, body.dump(), TargetWith("k"));
  EXPECT_LT(error.message.size(), 2100u);
  EXPECT_NO_THROW(json(error.message).dump());  // throws for broken UTF-8
}

TEST(AnthropicModels, AreListedInOpenAisForm) {
  const auto answer = TheHarness().DecodeModels(
      R"({"data":[{"type":"model","id":"claude-opus-5","display_name":"Claude Opus 5",
          "created_at":"2026-07-24T00:00:00Z","max_tokens":128000,"capabilities":{"batch":{"supported":true}}},
          {"type":"model","id":"m","created_at":"soon"}],"has_more":false,"first_id":"a","last_id":"b"})",
      operation::kListModels);
  EXPECT_EQ(answer.hub, json::parse(R"({"object":"list","data":[
      {"id":"claude-opus-5","object":"model","created":1784851200,"owned_by":"anthropic",
       "display_name":"Claude Opus 5","max_tokens":128000,"capabilities":{"batch":{"supported":true}}},
      {"id":"m","object":"model","created":0,"owned_by":"anthropic"}]})"));
}

TEST(AnthropicModels, OneIsGivenInOpenAisForm) {
  const auto answer = TheHarness().DecodeModels(
      R"({"type":"model","id":"claude-opus-5","created_at":"1970-01-02T00:00:01.5Z"})", operation::kGetModel);
  EXPECT_EQ(answer.hub,
            json::parse(R"({"id":"claude-opus-5","object":"model","created":86401,"owned_by":"anthropic"})"));
}

TEST(AnthropicModels, TimesOfAnotherFormAreNotGuessed) {
  for (const char* text : {"", "2026-07-24", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
                           "2026-07-24T00:00:00+0100", "2026-07-24T25:00:00Z", "20a6-07-24T00:00:00Z"}) {
    EXPECT_FALSE(ParseTimestamp(text)) << text;
  }
}

struct TraitsCase {
  const char* model;
  int64_t max_output;
  ClaudeTraits::Thinking thinking;
  bool sampling;
};

class TraitsTest : public testing::TestWithParam<TraitsCase> {};

TEST_P(TraitsTest, FollowFromTheName) {
  const ClaudeTraits traits = ClaudeTraitsOf(GetParam().model);
  EXPECT_EQ(traits.max_output_tokens, GetParam().max_output);
  EXPECT_EQ(traits.thinking, GetParam().thinking);
  EXPECT_EQ(traits.sampling, GetParam().sampling);
}

using enum ClaudeTraits::Thinking;
INSTANTIATE_TEST_SUITE_P(
    All, TraitsTest,
    testing::Values(TraitsCase{"claude-sonnet-5", 128000, kDefault, false},
                    TraitsCase{"claude-fable-5-2", 128000, kDefault, false},
                    TraitsCase{"claude-mythos-preview", 128000, kDefault, false},
                    TraitsCase{"claude-opus-4-8", 128000, kAdaptive, false},
                    TraitsCase{"claude-opus-4-7", 128000, kAdaptive, false},
                    TraitsCase{"claude-sonnet-4-6", 128000, kAdaptive, true},
                    TraitsCase{"claude-opus-4-5-20251101", 64000, kBudget, true},
                    TraitsCase{"anthropic.claude-sonnet-4-5-20250929-v1:0", 64000, kBudget, true},
                    TraitsCase{"claude-opus-4-1-20250805", 32000, kBudget, true},
                    TraitsCase{"claude-opus-4@20250514", 32000, kBudget, true},
                    TraitsCase{"claude-sonnet-4-20250514", 64000, kBudget, true},
                    TraitsCase{"claude-3-7-sonnet-latest", 64000, kBudget, true},
                    TraitsCase{"claude-3-5-haiku-20241022", 8192, kNone, true},
                    TraitsCase{"claude-3-opus-20240229", 4096, kNone, true},
                    TraitsCase{"claude-2.1", 4096, kNone, true}, TraitsCase{"kimi-k3", 8192, kAdaptive, true},
                    TraitsCase{"", 8192, kAdaptive, true}));

}  // namespace
}  // namespace portolan::providers::anthropic
