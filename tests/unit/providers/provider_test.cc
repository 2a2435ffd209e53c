#include "providers/provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/dialects/anthropic/anthropic.h"
#include "providers/dialects/openai/openai.h"
#include "providers/registry.h"

namespace portolan::providers {
namespace {

constexpr std::string_view kOperations[] = {operation::kChat, operation::kCompletion, operation::kEmbedding,
                                            operation::kListModels, operation::kGetModel};

std::string HeaderOf(const HttpCall& call, std::string_view name) {
  for (const HeaderField& header : call.headers) {
    if (header.name == name) return header.value;
  }
  return "";
}

std::string Text(const std::vector<HeaderField>& headers) {
  std::string text;
  for (const HeaderField& header : headers) text += header.name + ": " + header.value + "\n";
  return text;
}

class ProviderTest : public testing::Test {
 protected:
  const Provider& Find(std::string_view name) const { return *registry_->Find(name); }

  const std::unique_ptr<Registry> registry_ = Registry::BuiltIn();
};

TEST_F(ProviderTest, OfTheOperatorsSpeaksADialectUnderItsOwnName) {
  for (const char* like : {"openai", "anthropic"}) {
    const Provider& model = Find(like);
    const Provider named = NamedProvider(model, "lab", "http://lab/v1", /*takes_stream_options=*/false);
    EXPECT_EQ(named.name, "lab");
    EXPECT_EQ(named.base_url, "http://lab/v1");
    EXPECT_TRUE(named.is_operators_own);
    // The variables hold the key for the dialect's own host.
    EXPECT_TRUE(named.key_variables.empty());
    EXPECT_EQ(named.auth, model.auth);
    EXPECT_EQ(named.dialect, model.dialect);
    EXPECT_EQ(named.options.size(), model.options.size());
    for (const std::string_view operation : kOperations) {
      EXPECT_EQ(named.Find(operation), model.Find(operation)) << operation;
    }
  }
  EXPECT_TRUE(NamedProvider(Find("anthropic"), "a", "http://a", true).takes_stream_options);
  EXPECT_FALSE(NamedProvider(Find("openai"), "a", "http://a", false).takes_stream_options);
}

TEST_F(ProviderTest, OfTheOperatorsIsLocatedAndReadAsItsDialectIs) {
  const Provider openai = NamedProvider(Find("openai"), "lab", "http://lab/v1", false);
  const Provider anthropic = NamedProvider(Find("anthropic"), "claude", "http://c", false);
  Target target;
  target.api_key = Secret("k");
  target.provider = &openai;
  HttpCall call = Locate(*openai.Find(operation::kChat), {}, target);
  EXPECT_EQ(call.path, "/chat/completions");
  ASSERT_TRUE(std::holds_alternative<Done>(openai.auth->Apply({}, target, &call.headers)));
  EXPECT_EQ(HeaderOf(call, "authorization"), "Bearer k");
  target.provider = &anthropic;
  HttpCall other = Locate(*anthropic.Find(operation::kChat), {}, target);
  EXPECT_EQ(other.path, "/messages");
  ASSERT_TRUE(std::holds_alternative<Done>(anthropic.auth->Apply({}, target, &other.headers)));
  EXPECT_EQ(HeaderOf(other, "x-api-key"), "k");
  EXPECT_EQ(anthropic.dialect
                ->ReadError(529, {}, R"({"type":"error","error":{"type":"overloaded_error","message":"m"}})",
                            target)
                .message,
            "m");
}

TEST_F(ProviderTest, HasTheOperationsOfItsRow) {
  Provider chat_only = Find("openai");
  chat_only.operations = {"chat"};
  EXPECT_NE(chat_only.Find(operation::kChat), nullptr);
  EXPECT_EQ(chat_only.Find(operation::kEmbedding), nullptr);
  EXPECT_EQ(chat_only.Find("no_such_operation"), nullptr);
  EXPECT_EQ(Find("openai").Find("no_such_operation"), nullptr);
}

TEST_F(ProviderTest, OfTheCallersDialectIsRelayedTo) {
  using enum Way::Kind;
  EXPECT_EQ(WayOf(OpenAiDialect(), operation::kChat, Find("openai")).kind, kRelay);
  EXPECT_EQ(WayOf(AnthropicDialect(), operation::kChat, Find("anthropic")).kind, kRelay);
  EXPECT_EQ(WayOf(OpenAiDialect(), operation::kChat, Find("openai")).form,
            Find("openai").Find(operation::kChat));
}

TEST_F(ProviderTest, OfAnotherDialectIsMappedToByWayOfTheHub) {
  using enum Way::Kind;
  const Way way = WayOf(OpenAiDialect(), operation::kChat, Find("anthropic"));
  EXPECT_EQ(way.kind, kMap);
  EXPECT_EQ(way.form, Find("anthropic").Find(operation::kChat));
  EXPECT_EQ(WayOf(OpenAiDialect(), operation::kListModels, Find("anthropic")).kind, kMap);
  EXPECT_EQ(WayOf(OpenAiDialect(), operation::kEmbedding, Find("anthropic")).kind, kUnsupported);
  const Way back = WayOf(AnthropicDialect(), operation::kChat, Find("openai"));
  EXPECT_EQ(back.kind, kMap);
  EXPECT_EQ(back.form, Find("openai").Find(operation::kChat));
  EXPECT_EQ(WayOf(AnthropicDialect(), operation::kChat, Find("echo")).kind, kInside);
}

TEST_F(ProviderTest, CountsTokensIfItsDialectDoesOrItsRowSaysSo) {
  using enum Way::Kind;
  const auto kind = [](const Dialect& door, const Provider& provider) {
    return WayOf(door, operation::kCountTokens, provider).kind;
  };
  EXPECT_EQ(kind(AnthropicDialect(), Find("anthropic")), kRelay);
  EXPECT_EQ(kind(OpenAiDialect(), Find("anthropic")), kMap);
  for (const char* name : {"google", "bedrock"}) {
    EXPECT_EQ(kind(AnthropicDialect(), Find(name)), kMap) << name;
    EXPECT_EQ(kind(OpenAiDialect(), Find(name)), kMap) << name;
  }
  // OpenAI's API has no such operation; a server with this gateway's API has.
  Provider other = Find("openai");
  EXPECT_EQ(kind(AnthropicDialect(), other), kUnsupported);
  EXPECT_EQ(kind(OpenAiDialect(), other), kUnsupported);
  other.operations = {"chat", "count_tokens"};
  EXPECT_EQ(kind(AnthropicDialect(), other), kMap);
  EXPECT_EQ(kind(OpenAiDialect(), other), kRelay);
  EXPECT_EQ(kind(AnthropicDialect(), Find("echo")), kInside);
  EXPECT_EQ(kind(OpenAiDialect(), Find("echo")), kInside);
}

TEST_F(ProviderTest, InsideTheProcessAnswersThoseWhoseWordsCanBeMapped) {
  using enum Way::Kind;
  EXPECT_EQ(WayOf(OpenAiDialect(), operation::kChat, Find("echo")).kind, kInside);
  // The list of models has no half for Anthropic's callers.
  EXPECT_EQ(WayOf(AnthropicDialect(), operation::kListModels, Find("echo")).kind, kUnsupported);
}

class LocateTest : public testing::Test {
 protected:
  LocateTest() { target_.provider = &provider_; }

  std::string PathOf(const Form& form, const CallFacts& facts) const {
    return Locate(form, facts, target_).path;
  }

  Provider provider_{.name = "p"};
  Target target_;
};

TEST_F(LocateTest, PutsTheModelIntoThePath) {
  const Form one{.path = "/models/{model}:generate"};
  EXPECT_EQ(PathOf(one, {.model = "a/b c"}), "/models/a%2Fb%20c:generate");
  EXPECT_EQ(PathOf(one, {.model = "gemini-3"}), "/models/gemini-3:generate");
  const Form many{.path = "/models/{model=**}"};
  EXPECT_EQ(PathOf(many, {.model = "org/a b"}), "/models/org/a%20b");
}

TEST_F(LocateTest, TakesThePathOfStreamsWhereThatIsAnother) {
  const Form form{.path = "/m/{model}:one", .stream_path = "/m/{model}:stream?alt=sse"};
  EXPECT_EQ(PathOf(form, {.model = "x"}), "/m/x:one");
  EXPECT_EQ(PathOf(form, {.model = "x", .stream = true}), "/m/x:stream?alt=sse");
  EXPECT_EQ(PathOf(Form{.path = "/chat"}, {.stream = true}), "/chat");
}

TEST_F(LocateTest, LetsTheCallersQueryReplaceDefaults) {
  const Form form{.path = "/list?limit=1000&order=asc", .passes_query = true};
  EXPECT_EQ(PathOf(form, {}), "/list?limit=1000&order=asc");
  EXPECT_EQ(PathOf(form, {.query = "limit=5"}), "/list?order=asc&limit=5");
  EXPECT_EQ(PathOf(form, {.query = "after=a%2Fb"}), "/list?limit=1000&order=asc&after=a%2Fb");
  EXPECT_EQ(PathOf(form, {.query = "order=desc&limit=5"}), "/list?order=desc&limit=5");
  // A name that only begins alike is another parameter.
  EXPECT_EQ(PathOf(form, {.query = "limits=5"}), "/list?limit=1000&order=asc&limits=5");
}

TEST_F(LocateTest, KeepsTheCallersQueryToItselfUnlessTheFormPassesIt) {
  EXPECT_EQ(PathOf(Form{.path = "/chat"}, {.query = "a=b"}), "/chat");
}

TEST_F(LocateTest, SendsOptionsAndWhatStandsInForThem) {
  provider_.options = {{"x_version", "x-version", "v1"}, {"x_beta", "x-beta"}};
  const Form form{.method = "GET", .path = "/"};
  EXPECT_EQ(Text(Locate(form, {}, target_).headers), "x-version: v1\n");
  EXPECT_EQ(Locate(form, {}, target_).method, "GET");
  target_.options = {{"x_beta", "b"}, {"x_version", "v2"}, {"not_of_this_provider", "z"}};
  EXPECT_EQ(Text(Locate(form, {}, target_).headers), "x-version: v2\nx-beta: b\n");
}

struct AuthCase {
  const char* name;
  const Auth& (*auth)();
  const char* key;
  bool key_is_bearer;
  const char* expected;
};

class AuthTest : public testing::TestWithParam<AuthCase> {};

TEST_P(AuthTest, AddsTheKeyAsTheProviderWantsIt) {
  Target target;
  target.api_key = Secret(GetParam().key);
  target.key_is_bearer = GetParam().key_is_bearer;
  std::vector<HeaderField> headers;
  EXPECT_TRUE(std::holds_alternative<Done>(GetParam().auth().Apply({}, target, &headers)));
  EXPECT_EQ(Text(headers), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(All, AuthTest,
                         testing::Values(AuthCase{"Bearer", BearerAuth, "k", false,
                                                  "authorization: Bearer k\n"},
                                         AuthCase{"AnthropicsKey", AnthropicAuth, "sk-ant-api03-x", false,
                                                  "x-api-key: sk-ant-api03-x\n"},
                                         AuthCase{"AnthropicsToken", AnthropicAuth, "sk-ant-oat01-x", false,
                                                  "authorization: Bearer sk-ant-oat01-x\n"},
                                         AuthCase{"SentToAnthropicAsABearer", AnthropicAuth, "k", true,
                                                  "authorization: Bearer k\n"},
                                         AuthCase{"Google", GoogleAuth, "k", false, "x-goog-api-key: k\n"}),
                         [](const auto& test) { return test.param.name; });

TEST(Auth, TellsWhereCallersSendKeys) {
  EXPECT_TRUE(BearerAuth().key_headers().empty());
  EXPECT_THAT(AnthropicAuth().key_headers(), testing::ElementsAre("x-api-key"));
  EXPECT_THAT(GoogleAuth().key_headers(), testing::ElementsAre("x-goog-api-key"));
}

}  // namespace
}  // namespace portolan::providers
