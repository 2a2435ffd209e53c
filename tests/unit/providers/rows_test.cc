#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "providers/dialects/openai/openai.h"
#include "providers/registry.h"
#include "providers/rows/row.h"
#include "server/routing/plan.h"
#include "server/routing/route.h"
#include "tests/unit/providers/rows_table.h"

namespace portolan::providers {
namespace {

std::vector<Row> AllRows() {
  std::vector<Row> rows;
  for (const auto table : {RowsToC(), RowsDToH(), RowsIToN(), RowsOToS(), RowsTToZ()}) {
    rows.insert(rows.end(), table.begin(), table.end());
  }
  return rows;
}

// A call that names its provider, with a key, resolved as a request that comes in.
class RowsTest : public testing::Test {
 protected:
  std::optional<Error> Resolve(std::string_view provider, std::string_view operation,
                               std::vector<HeaderView> headers) {
    headers.push_back({"x-portolan-provider", provider});
    headers.push_back({"authorization", "Bearer k"});
    read_ = {};
    credentials_ = {};
    if (auto error = routing::ReadRequestHeaders(headers, &read_)) return error;
    if (auto error = routing::Authenticate(callers_, read_, headers, {}, &credentials_)) return error;
    routing::RoutePolicy policy;
    policy.registry = registry_.get();
    const routing::RouteRequest request = {.headers = read_,
                                           .credentials = credentials_,
                                           .all_headers = headers,
                                           .provider = {},
                                           .custom_host = {},
                                           .door = &OpenAiDialect(),
                                           .operation = operation,
                                           .model = "org/m-1"};
    route_ = {};
    return routing::ResolveTarget(policy, request, *plan_, *plan_->targets[0], &route_);
  }

  // `POST https://… authorization: Bearer k`, of a call that was resolved.
  std::string Sent(std::string_view operation) const {
    const CallFacts facts{.operation = operation, .model = route_.model};
    const HttpCall call = Locate(*route_.way.form, facts, route_.target);
    std::vector<HeaderField> headers;
    const Outcome outcome = route_.target.provider->auth->Apply({}, route_.target, &headers);
    std::string text = std::string(call.method) + " " + route_.target.base_url + call.path;
    for (const HeaderField& header : headers) text += " " + std::string(header.name) + ": " + header.value;
    for (const HeaderField& header : call.headers)
      text += " " + std::string(header.name) + ": " + header.value;
    const auto* const error = std::get_if<Error>(&outcome);
    return error != nullptr ? error->message : text;
  }

  const std::unique_ptr<Registry> registry_ = Registry::BuiltIn();
  const std::shared_ptr<const routing::RoutePlan> plan_ = routing::NewOpenRoute();
  const routing::CallerKeys callers_;
  routing::RequestHeaders read_;
  routing::ProviderCredentials credentials_;
  routing::Route route_;
};

constexpr HeaderView kOptions[] = {{"x-portolan-workers-ai-account-id", "0123456789abcdef0123456789abcdef"},
                                   {"x-portolan-databricks-host", "dbc-1a2b.cloud.databricks.com"},
                                   {"x-portolan-snowflake-account", "acme-eu1.azure"},
                                   {"x-portolan-infomaniak-product-id", "4711"},
                                   {"x-portolan-predibase-tenant", "acme"}};

TEST_F(RowsTest, EveryOperationGoesWhereTheTableSays) {
  std::istringstream lines(kRowsTable);
  std::set<std::string> told;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    std::istringstream words(line);
    std::string provider;
    std::string operation;
    std::string rest;
    words >> provider >> operation >> std::ws;
    std::getline(words, rest);
    const size_t blanks = rest.find("  ");
    if (blanks != std::string::npos) rest.erase(blanks, 1);
    told.insert(provider + " " + operation);
    const auto error = Resolve(provider, operation, {std::begin(kOptions), std::end(kOptions)});
    ASSERT_FALSE(error) << line << ": " << error->message;
    EXPECT_EQ(Sent(operation), rest) << provider;
  }
  // And no row has an operation that the table does not know.
  for (const Row& row : AllRows()) {
    for (const Form& form : OpenAiDialect().forms()) {
      const Provider& provider = *registry_->Find(row.name);
      const bool has =
          provider.Find(form.operation) != nullptr || provider.FindOwn(form.operation) != nullptr;
      EXPECT_EQ(told.count(std::string(row.name) + " " + std::string(form.operation)), has ? 1U : 0U)
          << row.name << " " << form.operation;
    }
  }
}

// help.aliyun.com/zh/model-studio/text-embedding-synchronous-api,
// cloud.baidu.com/doc/qianfan-api/s/Fm7u3ropn, console.upstage.ai/api/embeddings,
// docs.perplexity.ai/api-reference/embeddings-post and MongoDB's reference of Voyage AI's API.
TEST_F(RowsTest, MoreTextsThanAProviderTakesAreSentInParts) {
  const std::pair<const char*, size_t> cases[] = {
      {"dashscope", 10}, {"qianfan", 16}, {"upstage", 100}, {"perplexity-ai", 512}, {"voyage", 1000}};
  for (const auto& [name, most] : cases) {
    ASSERT_FALSE(Resolve(name, operation::kEmbedding, {})) << name;
    EXPECT_EQ(route_.way.form->max_inputs, most) << name;
    const bool relayed = route_.way.kind == Way::Kind::kRelay;
    EXPECT_EQ(relayed, std::string_view(name) != "perplexity-ai") << name;
  }
  ASSERT_FALSE(Resolve("groq", operation::kEmbedding, {}));
  EXPECT_EQ(route_.way.form->max_inputs, 0U);
  // Voyage has nothing else that is typed.
  EXPECT_TRUE(Resolve("voyage", operation::kChat, {}));
}

TEST_F(RowsTest, NamesAndAliasesNameOneProviderEach) {
  std::set<std::string_view> seen;
  for (const auto& provider : registry_->all()) {
    EXPECT_TRUE(seen.insert(provider->name).second) << provider->name;
  }
  for (const auto& provider : registry_->all()) {
    for (const std::string_view alias : provider->aliases) EXPECT_TRUE(seen.insert(alias).second) << alias;
  }
}

// Names of Portkey's list (its VALID_PROVIDERS, at 669825cb) that speak OpenAI's dialect and are still
// served.
TEST_F(RowsTest, PortkeysNamesAreKnown) {
  for (const char* const name :
       {"openai",        "anthropic",  "google",      "bedrock",        "302ai",        "aibadgr",
        "bytez",         "cerebras",   "cometapi",    "dashscope",      "deepbricks",   "deepinfra",
        "deepseek",      "groq",       "huggingface", "featherless-ai", "fireworks-ai", "hyperbolic",
        "inference-net", "krutrim",    "lingyi",      "iointelligence", "lemonfox-ai",  "matterai",
        "mistral-ai",    "modal",      "monsterapi",  "moonshot",       "ncompass",     "nextbit",
        "novita-ai",     "nscale",     "ollama",      "openrouter",     "ovhcloud",     "perplexity-ai",
        "predibase",     "recraft-ai", "reka-ai",     "sambanova",      "siliconflow",  "together-ai",
        "upstage",       "workers-ai", "x-ai",        "z-ai",           "zhipu",        "vertex-ai",
        "anyscale",      "nebius",     "replicate",   "segmind",        "stability-ai", "meshy",
        "tripo3d",       "cohere",     "jina",        "palm",           "sagemaker"}) {
    EXPECT_NE(registry_->Find(name), nullptr) << name;
  }
}

TEST_F(RowsTest, WhatCouldLeadToAnotherHostIsRefused) {
  struct Case {
    const char* provider;
    const char* header;
    const char* value;
  };
  const Case cases[] = {
      {"workers-ai", "x-portolan-workers-ai-account-id", "evil.example/#"},
      {"workers-ai", "x-portolan-workers-ai-account-id", "0123456789ABCDEF0123456789ABCDEF"},
      {"workers-ai", "x-portolan-workers-ai-account-id", "0123"},
      {"workers-ai", "x-portolan-workers-ai-account-id", "0123456789abcdef0123456789abcde/"},
      {"databricks", "x-portolan-databricks-host", "evil.example/#"},
      {"databricks", "x-portolan-databricks-host", "evil.example"},
      {"databricks", "x-portolan-databricks-host", "evil.example/.cloud.databricks.com"},
      {"databricks", "x-portolan-databricks-host", "evil.example#.cloud.databricks.com"},
      {"databricks", "x-portolan-databricks-host", "k@evil.example:1?.azuredatabricks.net"},
      {"databricks", "x-portolan-databricks-host", "https://a.cloud.databricks.com"},
      {"databricks", "x-portolan-databricks-host", ".cloud.databricks.com"},
      {"databricks", "x-portolan-databricks-host", "a..cloud.databricks.com"},
      {"databricks", "x-portolan-databricks-host", "acloud.databricks.com"},
      {"snowflake", "x-portolan-snowflake-account", "evil.example/#"},
      {"snowflake", "x-portolan-snowflake-account", "evil.example:443/"},
      {"snowflake", "x-portolan-snowflake-account", "a@b"},
      {"snowflake", "x-portolan-snowflake-account", ".."},
      {"infomaniak", "x-portolan-infomaniak-product-id", "1/../../x"},
      {"infomaniak", "x-portolan-infomaniak-product-id", "1234567890123"},
      {"predibase", "x-portolan-predibase-tenant", "../x"},
      {"predibase", "x-portolan-predibase-tenant", "a%2fb"},
      {"watsonx", "x-portolan-watsonx-region", "evil.example/#"},
      {"watsonx", "x-portolan-watsonx-region", "https://evil.example"},
      {"watsonx", "x-portolan-watsonx-region", "eu-de.ml.cloud.ibm.com.evil.example"},
      {"watsonx", "x-portolan-watsonx-region", "https://eu-de.ml.cloud.ibm.com/x"},
      {"watsonx", "x-portolan-watsonx-region", "evil@eu-de"},
      {"watsonx", "x-portolan-watsonx-version", "2026&x=1111"},
  };
  for (const Case& one : cases) {
    const auto error = Resolve(one.provider, operation::kChat, {{one.header, one.value}});
    ASSERT_TRUE(error) << one.value;
    EXPECT_EQ(error->http_status, 400) << one.value;
    EXPECT_EQ(error->code, "invalid_option") << one.value;
  }
  const auto missing = Resolve("workers-ai", operation::kChat, {});
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->code, "missing_option");
  EXPECT_EQ(missing->message, "workers-ai needs the option workers_ai_account_id");
}

// Portkey puts the version between the host and the path for these.
TEST_F(RowsTest, CustomHostsGetTheVersionTheyLack) {
  struct Case {
    const char* provider;
    const char* host;
    const char* url;
  };
  const Case cases[] = {
      {"302ai", "https://h", "https://h/v1/chat/completions"},
      {"deepseek", "https://h", "https://h/v1/chat/completions"},
      {"hyperbolic", "https://h", "https://h/v1/chat/completions"},
      {"lingyi", "https://h", "https://h/v1/chat/completions"},
      {"moonshot", "https://h", "https://h/v1/chat/completions"},
      {"novita-ai", "https://h/v3/openai", "https://h/v3/openai/v1/chat/completions"},
      {"ollama", "https://h:11434", "https://h:11434/v1/chat/completions"},
      {"openrouter", "https://h/api", "https://h/api/v1/chat/completions"},
      {"sambanova", "https://h", "https://h/v1/chat/completions"},
      {"together-ai", "https://h", "https://h/v1/chat/completions"},
      // As it is, where it ends in the version already; and for all others.
      {"ollama", "https://h:11434/v1", "https://h:11434/v1/chat/completions"},
      {"ollama", "https://h:11434/v1/", "https://h:11434/v1/chat/completions"},
      {"groq", "https://h", "https://h/chat/completions"},
      {"mistral-ai", "https://h/v1", "https://h/v1/chat/completions"},
  };
  for (const Case& one : cases) {
    const auto error = Resolve(one.provider, operation::kChat, {{"x-portolan-custom-host", one.host}});
    ASSERT_FALSE(error) << one.provider << ": " << error->message;
    EXPECT_EQ(Sent(operation::kChat), "POST " + std::string(one.url) + " authorization: Bearer k")
        << one.provider;
  }
}

TEST_F(RowsTest, OptionsGoAsTheHeadersTheyAre) {
  ASSERT_FALSE(Resolve("openrouter", operation::kChat,
                       {{"x-portolan-http-referer", "https://app.example"}, {"x-title", "App"}}));
  EXPECT_EQ(Sent(operation::kChat),
            "POST https://openrouter.ai/api/v1/chat/completions authorization: Bearer k "
            "http-referer: https://app.example x-title: App");
}

// A server on the gateway's own machine is called where a caller who names its address might call it, and
// needs no key.
TEST_F(RowsTest, LocalServersNeedNoKeyAndAreSubjectToTheAddressPolicy) {
  for (const char* const name : {"ollama", "vllm", "llamacpp", "lmstudio"}) {
    ASSERT_FALSE(Resolve(name, operation::kChat, {})) << name;
    EXPECT_TRUE(route_.target.checks_address) << name;
    EXPECT_TRUE(registry_->Find(name)->needs_no_key) << name;
  }
  ASSERT_FALSE(Resolve("groq", operation::kChat, {}));
  EXPECT_FALSE(route_.target.checks_address);
  ASSERT_FALSE(Resolve("groq", operation::kChat, {{"x-portolan-custom-host", "http://10.0.0.1"}}));
  EXPECT_TRUE(route_.target.checks_address);
}

TEST_F(RowsTest, AnUnknownNameIsToldTheNearestOne) {
  const auto told = [this](std::string_view name) { return registry_->NoProvider(name); };
  EXPECT_EQ(told("opnai"), "there is no provider called \"opnai\"; did you mean \"openai\"?");
  EXPECT_EQ(told("Groq"), "there is no provider called \"Groq\"; did you mean \"groq\"?");
  // What it is called elsewhere.
  EXPECT_EQ(told("mistral"), "there is no provider called \"mistral\"; did you mean \"mistral-ai\"?");
  EXPECT_EQ(told("xai"), "there is no provider called \"xai\"; did you mean \"x-ai\"?");
  EXPECT_EQ(told("claude"), "there is no provider called \"claude\"; did you mean \"anthropic\"?");
  EXPECT_EQ(told("gemini"), "there is no provider called \"gemini\"; did you mean \"google\"?");
  EXPECT_EQ(told("kimi"), "there is no provider called \"kimi\"; did you mean \"moonshot\"?");
  EXPECT_EQ(told("nobody-knows-this"),
            "there is no provider called \"nobody-knows-this\"; docs/providers.md lists them, and `portolan "
            "providers` too");
  EXPECT_EQ(told(""),
            "there is no provider called \"\"; docs/providers.md lists them, and `portolan providers` too");
}

// Rows that are not checked while they are built: of other dialects than OpenAI's.
TEST_F(RowsTest, EachSaysWhereItsFactsComeFromAndWhenTheyWereLookedUp) {
  for (const auto& provider : registry_->all()) {
    if (provider->local != nullptr) continue;  // the gateway itself
    EXPECT_FALSE(provider->source.empty()) << provider->name;
    EXPECT_FALSE(provider->title.empty()) << provider->name;
    EXPECT_THAT(std::string(provider->checked), testing::MatchesRegex("20[0-9][0-9]-[01][0-9]"))
        << provider->name;
  }
}

// What a row has to have is checked while it is built.
constexpr Row kComplete[] = {
    {.name = "a", .title = "A", .base_url = "https://a", .source = "s", .checked = "2026-11"}};
constexpr Row kNoSource[] = {{.name = "a", .title = "A", .base_url = "https://a", .checked = "2026-11"}};
constexpr Row kNoDate[] = {{.name = "a", .title = "A", .base_url = "https://a", .source = "s"}};
static_assert(AllComplete(kComplete));
static_assert(!AllComplete(kNoSource));
static_assert(!AllComplete(kNoDate));

}  // namespace
}  // namespace portolan::providers
