// Where calls of Vertex AI go, for each kind of model. The addresses are those of Google's and Anthropic's
// documentation, and of their SDKs (@google/genai 2.32, @anthropic-ai/vertex-sdk); Mistral's and AI21's are
// those of cloud.google.com/vertex-ai/generative-ai/docs/partner-models, @mistralai/mistralai-gcp and ai21.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "providers/dialects/anthropic/anthropic.h"
#include "providers/dialects/openai/openai.h"
#include "providers/fit_body.h"
#include "providers/registry.h"
#include "server/routing/route.h"
#include "tests/support/service_account.h"

namespace portolan::providers {
namespace {

using routing::Route;

constexpr std::string_view kHost = "https://us-east5-aiplatform.googleapis.com";
constexpr std::string_view kV1 = "/v1/projects/p-1/locations/us-east5/";
constexpr std::string_view kV1Beta1 = "/v1beta1/projects/p-1/locations/us-east5/";

class VertexTest : public testing::Test {
 protected:
  using Options = std::vector<HeaderView>;
  static Options Usual() {
    return {{"x-portolan-vertex-project-id", "p-1"}, {"x-portolan-vertex-region", "us-east5"}};
  }

  std::optional<Error> Resolve(const Dialect& door, std::string_view operation, const std::string& model,
                               Options headers, const std::string& key = "ya29.t") {
    const std::string bearer = "Bearer " + key;
    headers.push_back({"x-portolan-provider", "vertex-ai"});
    headers.push_back({"authorization", bearer});
    routing::RequestHeaders read;
    if (auto error = routing::ReadRequestHeaders(headers, &read)) return error;
    const routing::CallerKeys no_keys;
    routing::ProviderCredentials credentials;
    if (auto error = routing::Authenticate(no_keys, read, headers, {}, &credentials)) return error;
    routing::RoutePolicy policy;
    policy.registry = registry_.get();
    auto plan = std::make_unique<routing::RoutePlan>();
    plan->targets.push_back(&plan->root);
    plan->from_operator = operators_route_;
    plan_ = std::move(plan);
    route_ = {};
    return routing::ResolveTarget(policy,
                                  {.headers = read,
                                   .credentials = credentials,
                                   .all_headers = headers,
                                   .provider = {},
                                   .custom_host = {},
                                   .door = &door,
                                   .operation = operation,
                                   .model = model},
                                  *plan_, *plan_->targets[0], &route_);
  }

  // `POST https://…`
  std::string Url(bool stream = false) const {
    CallFacts facts;
    facts.model = route_.model;
    facts.stream = stream;
    const HttpCall call = Locate(*route_.way.form, facts, route_.target);
    return std::string(call.method) + " " + route_.target.base_url + call.path;
  }

  // The edits in the order of their names: `-model`, `anthropic_version="…"`.
  static std::string Told(const std::vector<codec::Edit>& edits) {
    std::string text;
    for (const codec::Edit& edit : edits) {
      if (!text.empty()) text += " ";
      text += edit.kind == codec::Edit::Kind::kRemove ? "-" + edit.name : edit.name + "=" + edit.json;
    }
    return text;
  }

  const std::unique_ptr<Registry> registry_ = Registry::BuiltIn();
  std::shared_ptr<const routing::RoutePlan> plan_;
  Route route_;
  bool operators_route_ = false;
};

TEST_F(VertexTest, ChatGoesWhereTheModelIs) {
  const std::string google = std::string(kV1) + "publishers/google/models/";
  const std::string claude = std::string(kV1) + "publishers/anthropic/models/";
  const std::string mistral = std::string(kV1) + "publishers/mistralai/models/";
  const std::string ai21 = std::string(kV1) + "publishers/ai21/models/";
  struct {
    const char* model;
    std::string path;
    std::string stream_path;
    const char* dialect;
  } const cases[] = {
      {"gemini-2.5-pro", google + "gemini-2.5-pro:generateContent",
       google + "gemini-2.5-pro:streamGenerateContent?alt=sse", "google"},
      {"google/gemini-2.5-pro", google + "gemini-2.5-pro:generateContent",
       google + "gemini-2.5-pro:streamGenerateContent?alt=sse", "google"},
      {"google.gemini-2.5-pro", google + "gemini-2.5-pro:generateContent",
       google + "gemini-2.5-pro:streamGenerateContent?alt=sse", "google"},
      {"publishers/google/models/gemini-2.5-pro", google + "gemini-2.5-pro:generateContent",
       google + "gemini-2.5-pro:streamGenerateContent?alt=sse", "google"},
      {"gemma-3-27b-it", google + "gemma-3-27b-it:generateContent",
       google + "gemma-3-27b-it:streamGenerateContent?alt=sse", "google"},
      {"claude-3-7-sonnet@20250219", claude + "claude-3-7-sonnet@20250219:rawPredict",
       claude + "claude-3-7-sonnet@20250219:streamRawPredict", "anthropic"},
      {"anthropic.claude-opus-4-1", claude + "claude-opus-4-1:rawPredict",
       claude + "claude-opus-4-1:streamRawPredict", "anthropic"},
      {"anthropic/claude-opus-4-1", claude + "claude-opus-4-1:rawPredict",
       claude + "claude-opus-4-1:streamRawPredict", "anthropic"},
      {"mistral-medium-3", mistral + "mistral-medium-3:rawPredict",
       mistral + "mistral-medium-3:streamRawPredict", "mistral"},
      {"mistralai/mistral-small-2503", mistral + "mistral-small-2503:rawPredict",
       mistral + "mistral-small-2503:streamRawPredict", "mistral"},
      {"mistralai.mistral-large-2411", mistral + "mistral-large-2411:rawPredict",
       mistral + "mistral-large-2411:streamRawPredict", "mistral"},
      {"publishers/mistralai/models/mistral-large@2407", mistral + "mistral-large@2407:rawPredict",
       mistral + "mistral-large@2407:streamRawPredict", "mistral"},
      {"mistralai/not-known-yet", mistral + "not-known-yet:rawPredict",
       mistral + "not-known-yet:streamRawPredict", "mistral"},
      {"codestral-2501", mistral + "codestral-2501:rawPredict", mistral + "codestral-2501:streamRawPredict",
       "mistral"},
      {"mistralai/codestral-2", mistral + "codestral-2:rawPredict", mistral + "codestral-2:streamRawPredict",
       "mistral"},
      {"jamba-1.5-mini@001", ai21 + "jamba-1.5-mini@001:rawPredict",
       ai21 + "jamba-1.5-mini@001:streamRawPredict", "openai"},
      {"ai21/jamba-1.5-large", ai21 + "jamba-1.5-large:rawPredict", ai21 + "jamba-1.5-large:streamRawPredict",
       "openai"},
      {"meta/llama-3.3-70b-instruct-maas", std::string(kV1Beta1) + "endpoints/openapi/chat/completions", "",
       "openai"},
      {"meta.llama-3.3-70b-instruct-maas", std::string(kV1Beta1) + "endpoints/openapi/chat/completions", "",
       "openai"},
      {"deepseek-ai/deepseek-r1-0528-maas", std::string(kV1Beta1) + "endpoints/openapi/chat/completions", "",
       "openai"},
      {"endpoints.1234567890", std::string(kV1Beta1) + "endpoints/1234567890/chat/completions", "", "openai"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.model);
    ASSERT_FALSE(Resolve(OpenAiDialect(), operation::kChat, test.model, Usual()));
    EXPECT_EQ(Url(), "POST " + std::string(kHost) + test.path);
    EXPECT_EQ(Url(true),
              "POST " + std::string(kHost) + (test.stream_path.empty() ? test.path : test.stream_path));
    EXPECT_EQ(route_.target.dialect->name(), test.dialect);
    EXPECT_EQ(route_.way.kind, test.dialect == std::string("openai") ? Way::Kind::kRelay : Way::Kind::kMap);
  }
}

TEST_F(VertexTest, TheBodyIsWhatTheHostWants) {
  // From one dialect to the same the bytes are relayed with these edits.
  ASSERT_FALSE(Resolve(AnthropicDialect(), operation::kChat, "claude-opus-4-1", Usual()));
  EXPECT_EQ(route_.way.kind, Way::Kind::kRelay);
  EXPECT_EQ(Told(route_.edits), R"(-model anthropic_version="vertex-2023-10-16")");
  ASSERT_FALSE(Resolve(OpenAiDialect(), operation::kChat, "meta.llama-4-maas", Usual()));
  EXPECT_EQ(Told(route_.edits), R"(model="meta/llama-4-maas")");
  // Both publishers want the model in the body too, by its own name.
  ASSERT_FALSE(Resolve(OpenAiDialect(), operation::kChat, "mistralai/mistral-medium-3", Usual()));
  EXPECT_EQ(Told(route_.edits), R"(model="mistral-medium-3")");
  ASSERT_FALSE(Resolve(OpenAiDialect(), operation::kChat, "ai21/jamba-1.5-mini", Usual()));
  EXPECT_EQ(Told(route_.edits), R"(model="jamba-1.5-mini")");
  ASSERT_FALSE(Resolve(OpenAiDialect(), operation::kChat, "endpoints.12", Usual()));
  EXPECT_EQ(Told(route_.edits), R"(model="12" -model)");
  // Else they belong to the form.
  ASSERT_FALSE(Resolve(OpenAiDialect(), operation::kChat, "claude-opus-4-1", Usual()));
  EXPECT_EQ(Told(route_.edits), "");
  EXPECT_EQ(Told(route_.way.form->body_edits), R"(-model anthropic_version="vertex-2023-10-16")");
}

TEST_F(VertexTest, TokensOfClaudeAreCountedAtOnePlaceForAllModels) {
  ASSERT_FALSE(Resolve(AnthropicDialect(), operation::kCountTokens, "claude-opus-4-1", Usual()));
  EXPECT_EQ(Url(), "POST " + std::string(kHost) + std::string(kV1) +
                       "publishers/anthropic/models/count-tokens:rawPredict");
  EXPECT_EQ(Told(route_.edits), "");
  const auto error = Resolve(AnthropicDialect(), operation::kCountTokens, "gemini-2.5-pro", Usual());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "unsupported_operation");
}

// Fill in the middle lies where the chat does; other models than Codestral have their chat alone.
TEST_F(VertexTest, TextCompletionsOfMistralFollowFromTheModel) {
  const std::string models = "POST " + std::string(kHost) + std::string(kV1) + "publishers/mistralai/models/";
  ASSERT_FALSE(Resolve(OpenAiDialect(), operation::kCompletion, "mistralai/codestral-2501", Usual()));
  EXPECT_EQ(Url(), models + "codestral-2501:rawPredict");
  EXPECT_EQ(Url(true), models + "codestral-2501:streamRawPredict");
  EXPECT_EQ(route_.way.form->operation, operation::kCompletion);
  ASSERT_FALSE(Resolve(OpenAiDialect(), operation::kCompletion, "mistral-medium-3", Usual()));
  EXPECT_EQ(Url(), models + "mistral-medium-3:rawPredict");
  EXPECT_EQ(route_.way.form->operation, operation::kChat);
}

// What Mistral does not take, and no rule for anybody else's models.
TEST_F(VertexTest, RulesAreMistralsAlone) {
  const Provider& vertex = *registry_->Find("vertex-ai");
  EXPECT_FALSE(vertex.rules.empty());
  for (const BodyRule& rule : vertex.rules) {
    for (const char* model : {"mistral-medium-3", "codestral-2501", "ministral-3b"}) {
      EXPECT_TRUE(IsAmongModels(rule.models, model)) << model;
    }
    for (const char* model : {"gemini-2.5-pro", "claude-opus-4-1", "meta/llama-4-maas", "jamba-1.5", ""}) {
      EXPECT_FALSE(IsAmongModels(rule.models, model)) << model;
    }
  }
}

TEST_F(VertexTest, EmbeddingsGoWhereTheModelIs) {
  struct {
    const char* model;
    const char* path;
  } const cases[] = {
      {"text-embedding-005", "text-embedding-005:predict"},
      {"google/text-embedding-005", "text-embedding-005:predict"},
      {"text-multilingual-embedding-002", "text-multilingual-embedding-002:predict"},
      {"gemini-embedding-001", "gemini-embedding-001:predict"},
      {"gemini-embedding-2", "gemini-embedding-2:embedContent"},
      {"google.gemini-embedding-2", "gemini-embedding-2:embedContent"},
  };
  for (const auto& test : cases) {
    ASSERT_FALSE(Resolve(OpenAiDialect(), operation::kEmbedding, test.model, Usual())) << test.model;
    EXPECT_EQ(Url(),
              "POST " + std::string(kHost) + std::string(kV1) + "publishers/google/models/" + test.path);
  }
  for (const char* model :
       {"claude-opus-4-1", "gemini-2.5-pro", "meta/llama-4-maas", "mistral-medium-3", "jamba-1.5", ""}) {
    const auto error = Resolve(OpenAiDialect(), operation::kEmbedding, model, Usual());
    ASSERT_TRUE(error) << model;
    EXPECT_EQ(error->code, "unsupported_operation");
  }
}

// cloud.google.com/vertex-ai/generative-ai/docs/learn/locations
TEST_F(VertexTest, TheHostFollowsFromTheRegion) {
  struct {
    std::string_view region;
    std::string host;
  } const cases[] = {
      {"", "https://aiplatform.googleapis.com"},
      {"global", "https://aiplatform.googleapis.com"},
      {"us", "https://aiplatform.us.rep.googleapis.com"},
      {"eu", "https://aiplatform.eu.rep.googleapis.com"},
      {"europe-west4", "https://europe-west4-aiplatform.googleapis.com"},
  };
  for (const auto& test : cases) {
    Options options = {{"x-portkey-vertex-project-id", "p-1"}};
    if (!test.region.empty()) options.push_back({"x-portkey-vertex-region", test.region});
    ASSERT_FALSE(Resolve(OpenAiDialect(), operation::kChat, "gemini-2.5-pro", options));
    const std::string region(test.region.empty() ? "global" : test.region);
    EXPECT_EQ(Url(), "POST " + test.host + "/v1/projects/p-1/locations/" + region +
                         "/publishers/google/models/gemini-2.5-pro:generateContent");
  }
}

TEST_F(VertexTest, TheProjectMayBeTheServiceAccounts) {
  const std::string account = test::ServiceAccountJson("", "of-the-account");
  const Options options = {{"x-portolan-vertex-service-account-json", account}};
  ASSERT_FALSE(Resolve(OpenAiDialect(), operation::kChat, "gemini-2.5-pro", options));
  EXPECT_THAT(Url(), testing::HasSubstr("/projects/of-the-account/"));
  EXPECT_EQ(route_.target.api_key.Reveal(), account);
  EXPECT_TRUE(route_.target.key_from_caller);
  // What is said beats it.
  ASSERT_FALSE(Resolve(
      OpenAiDialect(), operation::kChat, "gemini-2.5-pro",
      {{"x-portolan-vertex-service-account-json", account}, {"x-portolan-vertex-project-id", "said"}}));
  EXPECT_THAT(Url(), testing::HasSubstr("/projects/said/"));
}

// An account that a header brings is the caller's, also beside an operator's route: its `token_uri` is not
// for the caller to choose.
TEST_F(VertexTest, AccountsInHeadersAreTheCallersWhateverTheRoute) {
  operators_route_ = true;
  const std::string account = test::ServiceAccountJson("http://127.0.0.1:1/token", "theirs");
  ASSERT_FALSE(Resolve(OpenAiDialect(), operation::kChat, "gemini-2.5-pro",
                       {{"x-portolan-vertex-service-account-json", account}}));
  EXPECT_TRUE(route_.target.key_from_caller);
}

TEST_F(VertexTest, PartsOfAddressesAreChecked) {
  const auto missing = Resolve(OpenAiDialect(), operation::kChat, "gemini-2.5-pro", {});
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->code, "missing_option");
  EXPECT_EQ(missing->param, "vertex_project_id");
  for (const char* value : {"evil.example/#", "p/../q", "p?x", "p%2f", "p q", "p\r\nx-evil: 1", "..",
                            "p@host", "p\"", "pr\xc3\xb6ject"}) {
    for (const char* option : {"x-portolan-vertex-project-id", "x-portolan-vertex-region"}) {
      Options options = Usual();
      for (HeaderView& header : options) {
        if (header.name == option) header.value = value;
      }
      const auto error = Resolve(OpenAiDialect(), operation::kChat, "gemini-2.5-pro", options);
      ASSERT_TRUE(error) << option << " " << value;
      EXPECT_EQ(error->code, "invalid_option");
      EXPECT_EQ(error->http_status, 400);
    }
  }
  // A project of a domain.
  ASSERT_FALSE(Resolve(OpenAiDialect(), operation::kChat, "gemini-2.5-pro",
                       {{"x-portolan-vertex-project-id", "example.com:p-1"}}));
  EXPECT_THAT(Url(), testing::HasSubstr("/projects/example.com:p-1/"));
}

TEST_F(VertexTest, ModelsCannotLeaveTheirPlace) {
  ASSERT_FALSE(Resolve(OpenAiDialect(), operation::kChat, "claude-x/y?z#", Usual()));
  EXPECT_EQ(Url(), "POST " + std::string(kHost) + std::string(kV1) +
                       "publishers/anthropic/models/claude-x%2Fy%3Fz%23:rawPredict");
}

}  // namespace
}  // namespace portolan::providers
