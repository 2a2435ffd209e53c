// Where calls of Azure go and with what credentials. The addresses are those of Microsoft's documentation, of
// the recordings, and of what openai 6.49 (npm, AzureOpenAI) and @anthropic-ai/foundry-sdk 1.1 send.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "providers/dialects/anthropic/anthropic.h"
#include "providers/dialects/openai/openai.h"
#include "providers/registry.h"
#include "providers/relay.h"
#include "server/routing/route.h"

namespace portolan::providers {
namespace {

using routing::Route;
using testing::HasSubstr;

constexpr std::string_view kJwt = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln";
constexpr std::string_view kHost = "https://acme-eu.openai.azure.com/openai";
constexpr std::string_view kFoundry = "https://acme-eu.services.ai.azure.com";

using Options = std::vector<HeaderView>;

struct Asked {
  std::string_view operation = operation::kChat;
  std::string model = "gpt-4o";
  Options options = {};
  std::string_view provider = "azure-openai";
  const Dialect* door = &OpenAiDialect();
  std::string_view raw_path = {};
  std::string_view raw_method = "POST";
  bool resource = true;
};

class AzureTest : public testing::Test {
 protected:
  std::optional<Error> Resolve(const Asked& asked) {
    Options headers = asked.options;
    headers.push_back({"x-portolan-provider", asked.provider});
    if (asked.resource) headers.push_back({"x-portolan-azure-resource-name", "acme-eu"});
    if (!FindHeader(headers, "authorization")) headers.push_back({"authorization", "Bearer k"});
    asked_ = asked;
    routing::RequestHeaders read;
    if (auto error = routing::ReadRequestHeaders(headers, &read)) return error;
    const routing::CallerKeys no_keys;
    routing::ProviderCredentials credentials;
    if (auto error = routing::Authenticate(no_keys, read, headers, {}, &credentials)) return error;
    routing::RoutePolicy policy;
    policy.registry = registry_.get();
    plan_ = routing::NewOpenRoute();
    route_ = {};
    return routing::ResolveTarget(policy,
                                  {.headers = read,
                                   .credentials = credentials,
                                   .all_headers = headers,
                                   .provider = {},
                                   .custom_host = {},
                                   .door = asked.door,
                                   .operation = asked.operation,
                                   .model = asked.model,
                                   .family = ObjectFamily(asked.raw_path),
                                   .raw_path = asked.raw_path},
                                  *plan_, *plan_->targets[0], &route_);
  }

  // `POST https://…`
  std::string Url() const {
    CallFacts facts;
    facts.operation = asked_.operation;
    facts.model = route_.model;
    facts.raw_path = asked_.raw_path;
    facts.raw_method = asked_.raw_method;
    const HttpCall call = Locate(*route_.way.form, facts, route_.target);
    return std::string(call.method) + " " + route_.target.base_url + call.path;
  }

  // `api-key: k`, or the error.
  std::string Credentials() const {
    std::vector<HeaderField> headers;
    const Outcome outcome = route_.target.provider->auth->Apply({}, route_.target, &headers);
    if (const auto* const error = std::get_if<Error>(&outcome)) return error->code + " " + error->param;
    if (const auto* const need = std::get_if<Need>(&outcome)) {
      return std::string(need->method) + " " + need->url + " " + std::string(need->body.Reveal());
    }
    std::string text;
    for (const HeaderField& header : headers) text += std::string(header.name) + ": " + header.value + ";";
    return text;
  }

  static std::string Told(const std::vector<codec::Edit>& edits) {
    std::string text;
    for (const codec::Edit& edit : edits) text += edit.name + "=" + edit.json;
    return text;
  }

  const std::unique_ptr<Registry> registry_ = Registry::BuiltIn();
  std::shared_ptr<const routing::RoutePlan> plan_;
  Route route_;
  Asked asked_;
};

struct Place {
  Asked asked;
  std::string url;    // behind the host
  std::string edits;  // of the body
};

TEST_F(AzureTest, OpenAiIsCalledAtTheV1Api) {
  const Options preview = {{"x-portolan-azure-api-version", "preview"}};
  const Options v1 = {{"x-portkey-azure-api-version", "v1"}};
  const Options deployment = {{"x-portkey-azure-deployment-id", "dep.1"}};
  const Place places[] = {
      {{}, "POST /v1/chat/completions", ""},
      {{.options = v1}, "POST /v1/chat/completions", ""},
      {{.options = preview}, "POST /v1/chat/completions?api-version=preview", ""},
      {{.options = {{"x-portolan-azure-api-version", "latest"}}},
       "POST /v1/chat/completions?api-version=latest",
       ""},
      {{.operation = operation::kCompletion}, "POST /v1/completions", ""},
      {{.operation = operation::kEmbedding}, "POST /v1/embeddings", ""},
      {{.operation = operation::kListModels, .model = ""}, "GET /v1/models", ""},
      {{.operation = operation::kGetModel}, "GET /v1/models/gpt-4o", ""},
      // The deployment is the model.
      {{.options = deployment}, "POST /v1/chat/completions", R"(model="dep.1")"},
      {{.options = {{"x-portolan-azure-model-name", "m"}}}, "POST /v1/chat/completions", R"(model="m")"},
      {{.options = {{"x-portolan-azure-deployment-id", "gpt-4o"}}}, "POST /v1/chat/completions", ""},
  };
  for (const Place& place : places) {
    SCOPED_TRACE(place.url);
    const auto error = Resolve(place.asked);
    ASSERT_FALSE(error) << error->message;
    std::string expected = place.url;
    expected.insert(expected.find(' ') + 1, kHost);
    EXPECT_EQ(Url(), expected);
    EXPECT_EQ(Told(route_.edits), place.edits);
    EXPECT_EQ(route_.way.kind, Way::Kind::kRelay);
    EXPECT_TRUE(route_.takes_stream_options);
  }
}

TEST_F(AzureTest, OpenAiIsCalledAtDeploymentsWithADatedVersion) {
  const std::string version = "?api-version=2024-10-21";
  const HeaderView dated = {"x-portkey-azure-api-version", "2024-10-21"};
  const HeaderView deployment = {"x-portkey-azure-deployment-id", "dep-1"};
  const Place places[] = {
      {{.options = {dated}}, "POST /deployments/gpt-4o/chat/completions", ""},
      {{.options = {dated, deployment}}, "POST /deployments/dep-1/chat/completions", ""},
      {{.model = "", .options = {dated, deployment}}, "POST /deployments/dep-1/chat/completions", ""},
      {{.options = {dated, {"x-portkey-azure-model-name", "m"}}}, "POST /deployments/m/chat/completions", ""},
      {{.operation = operation::kCompletion, .options = {dated}}, "POST /deployments/gpt-4o/completions", ""},
      {{.operation = operation::kEmbedding, .options = {dated, deployment}},
       "POST /deployments/dep-1/embeddings",
       ""},
      {{.operation = operation::kListModels, .model = "", .options = {dated}}, "GET /models", ""},
      {{.operation = operation::kGetModel, .options = {dated}}, "GET /models/gpt-4o", ""},
      // No name of a deployment leaves its place.
      {{.model = "a/../b?c#", .options = {dated}},
       "POST /deployments/a%2F..%2Fb%3Fc%23/chat/completions",
       ""},
  };
  for (const Place& place : places) {
    SCOPED_TRACE(place.url);
    const auto error = Resolve(place.asked);
    ASSERT_FALSE(error) << error->message;
    std::string expected = place.url + version;
    expected.insert(expected.find(' ') + 1, kHost);
    EXPECT_EQ(Url(), expected);
    EXPECT_EQ(Told(route_.edits), place.edits);
    EXPECT_TRUE(route_.takes_stream_options);
  }
  const auto error = Resolve({.model = "", .options = {dated}});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "missing_value");
  EXPECT_THAT(error->message, HasSubstr("azure_deployment_id"));
}

// learn.microsoft.com/azure/foundry/openai/api-version-lifecycle: stream_options came with
// 2024-09-01-preview.
TEST_F(AzureTest, OldVersionsAreNotAskedForUsage) {
  for (const auto& [version, takes] :
       std::initializer_list<std::pair<const char*, bool>>{{"2023-07-01-preview", false},
                                                           {"2024-02-01", false},
                                                           {"2024-08-01-preview", false},
                                                           {"2024-09-01-preview", true},
                                                           {"2025-04-01-preview", true},
                                                           {"v1", true},
                                                           {"preview", true}}) {
    ASSERT_FALSE(Resolve({.options = {{"x-portolan-azure-api-version", version}}}));
    EXPECT_EQ(route_.takes_stream_options, takes) << version;
  }
}

TEST_F(AzureTest, OtherCallsArePassedOnToWhereTheyBelong) {
  const Options dated = {{"x-portkey-azure-api-version", "2025-04-01-preview"}};
  const Options deployment = {{"x-portkey-azure-api-version", "2025-04-01-preview"},
                              {"x-portkey-azure-deployment-id", "dep-1"}};
  const std::string version = "?api-version=2025-04-01-preview";
  struct {
    Options options;
    const char* model;
    const char* path;
    std::string url;
    const char* edits = "";
  } const cases[] = {
      {{}, "gpt-5", "/responses", "/v1/responses"},
      {{}, "", "/files?purpose=batch&limit=2", "/v1/files?purpose=batch&limit=2"},
      {{}, "", "/vector_stores/vs_1/files", "/v1/vector_stores/vs_1/files"},
      {{{"x-portolan-azure-api-version", "preview"}},
       "gpt-5",
       "/responses",
       "/v1/responses?api-version=preview"},
      {{{"x-portolan-azure-deployment-id", "d"}}, "gpt-5", "/responses", "/v1/responses", R"(model="d")"},
      {{{"x-portolan-azure-deployment-id", "d"}}, "", "/batches", "/v1/batches"},
      {dated, "gpt-5", "/responses", "/responses" + version},
      {dated, "", "/files?purpose=batch", "/files" + version + "&purpose=batch"},
      {dated, "", "/files/f1/content", "/files/f1/content" + version},
      {dated, "dall-e-3", "/images/generations", "/deployments/dall-e-3/images/generations" + version},
      {deployment, "", "/audio/transcriptions", "/deployments/dep-1/audio/transcriptions" + version},
      {deployment, "tts", "/audio/speech", "/deployments/dep-1/audio/speech" + version},
      // The caller's own version counts.
      {dated, "", "/files?api-version=2024-10-21", "/files?api-version=2024-10-21"},
      // As AzureOpenAI has it, at a gateway as its baseURL.
      {{},
       "gpt-4o",
       "/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
       "/deployments/gpt-4o/chat/completions?api-version=2024-10-21"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.path);
    const auto error = Resolve({.operation = operation::kRelay,
                                .model = test.model,
                                .options = test.options,
                                .raw_path = test.path});
    ASSERT_FALSE(error) << error->message;
    EXPECT_EQ(route_.way.kind, Way::Kind::kRaw);
    EXPECT_EQ(Url(), "POST " + std::string(kHost) + test.url);
    EXPECT_EQ(Told(route_.edits), test.edits);
  }
  // A form says no model that is read here.
  const auto error = Resolve(
      {.operation = operation::kRelay, .model = "", .options = dated, .raw_path = "/audio/transcriptions"});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "missing_value");
}

// Who may use certain models only may not name one in the body and another in the path.
TEST_F(AzureTest, TheDeploymentOfAPathIsTheModel) {
  for (const char* version : {"v1", "preview", "2024-10-21"}) {
    ASSERT_FALSE(Resolve({.operation = operation::kRelay,
                          .model = "allowed",
                          .options = {{"x-portolan-azure-api-version", version}},
                          .raw_path = "/deployments/dear-one/chat/completions?api-version=2024-10-21"}));
    EXPECT_EQ(route_.model, "dear-one") << version;
  }
  ASSERT_FALSE(Resolve({.model = "allowed", .options = {{"x-portolan-azure-deployment-id", "dear-one"}}}));
  EXPECT_EQ(route_.model, "dear-one");
}

TEST_F(AzureTest, TheResourceMayBeAnAddressAtAzure) {
  for (const auto& [value, host] : std::initializer_list<std::pair<const char*, const char*>>{
           {"acme", "https://acme.openai.azure.com"},
           {"https://acme.openai.azure.com/", "https://acme.openai.azure.com"},
           {"https://acme.openai.azure.com/openai/v1/", "https://acme.openai.azure.com"},
           {"https://acme.cognitiveservices.azure.com", "https://acme.cognitiveservices.azure.com"},
           {"acme.services.ai.azure.com", "https://acme.services.ai.azure.com"},
           {"https://acme.openai.azure.us", "https://acme.openai.azure.us"}}) {
    const auto error = Resolve({.options = {{"x-portolan-azure-resource-name", value}}, .resource = false});
    ASSERT_FALSE(error) << value << error->message;
    EXPECT_EQ(Url(), "POST " + std::string(host) + "/openai/v1/chat/completions");
  }
}

TEST_F(AzureTest, NothingElseIsPartOfAnAddress) {
  for (const char* option :
       {"x-portolan-azure-resource-name", "x-portolan-azure-deployment-id", "x-portolan-azure-api-version"}) {
    for (const char* value :
         {"evil.example/#", "evil.example", "https://evil.example", "https://evil.example/.openai.azure.com",
          "k@evil.example:1?.openai.azure.com", "a/../b", "a%2fb", "a b", "a?b", "a#b", "..",
          "http://a.openai.azure.com", "https://acme.openai.azure.com/other", "https://a..openai.azure.com",
          "https://acme.openai.azure.com:444", "-a-", "\xc3\xb6"}) {
      const auto error = Resolve({.options = {{option, value}},
                                  .resource = option != std::string("x-portolan-azure-resource-name")});
      const bool is_name =
          option == std::string("x-portolan-azure-deployment-id") && value == std::string("evil.example");
      if (is_name) continue;  // a deployment may be called so
      ASSERT_TRUE(error) << option << " " << value;
      EXPECT_EQ(error->code, "invalid_option");
      EXPECT_EQ(error->http_status, 400);
    }
  }
  const auto error = Resolve({.resource = false});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "missing_option");
  EXPECT_EQ(error->param, "azure_resource_name");
}

TEST_F(AzureTest, KeysAndTokensGoEachInTheirHeader) {
  const std::string bearer = "Bearer " + std::string(kJwt);
  struct {
    Options options;
    std::string sent;
  } const cases[] = {
      {{}, "api-key: k;"},
      {{{"api-key", "own"}}, "api-key: own;"},
      {{{"authorization", bearer}}, "authorization: " + bearer + ";"},
      {{{"x-portkey-azure-ad-token", "opaque"}}, "authorization: Bearer opaque;"},
      {{{"x-portkey-azure-ad-token", "Bearer opaque"}}, "authorization: Bearer opaque;"},
      {{{"x-portkey-azure-auth-mode", "default"}}, "api-key: k;"},
  };
  for (const auto& test : cases) {
    ASSERT_FALSE(Resolve({.options = test.options}));
    EXPECT_EQ(Credentials(), test.sent);
  }
}

// learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
TEST_F(AzureTest, TokensOfApplicationsAreAskedFor) {
  Options options = {{"x-portkey-azure-auth-mode", "entra"},
                     {"x-portkey-azure-entra-tenant-id", "tenant-1"},
                     {"x-portkey-azure-entra-client-id", "client-1"},
                     {"x-portkey-azure-entra-client-secret", "s~e.c_r:e/t"}};
  ASSERT_FALSE(Resolve({.options = options}));
  EXPECT_EQ(Credentials(),
            "POST https://login.microsoftonline.com/tenant-1/oauth2/v2.0/token "
            "grant_type=client_credentials&client_id=client-1&"
            "scope=https:%2F%2Fcognitiveservices.azure.com%2F.default&client_secret=s~e.c_r:e%2Ft");
  options.push_back({"x-portkey-azure-entra-scope", "api://own/.default"});
  ASSERT_FALSE(Resolve({.options = options}));
  EXPECT_THAT(Credentials(), HasSubstr("&scope=api:%2F%2Fown%2F.default&"));
  // As one text.
  ASSERT_FALSE(Resolve({.options = {{"authorization", "Bearer tenant-1:client-1:secret"}}}));
  EXPECT_THAT(Credentials(), HasSubstr("https://login.microsoftonline.com/tenant-1/oauth2/v2.0/token"));
}

TEST_F(AzureTest, CallersMayNotUseWhatIsTheMachines) {
  const Options cases[] = {
      {{"x-portkey-azure-auth-mode", "managed"}},
      {{"x-portkey-azure-auth-mode", "managed"}, {"x-portkey-azure-managed-client-id", "c"}},
      {{"x-portkey-azure-auth-mode", "workload"}, {"x-portkey-azure-workload-client-id", "c"}},
      {{"x-portkey-azure-auth-mode", "mystery"}},
      {{"x-portkey-azure-auth-mode", "entra"}},
      {{"x-portkey-azure-auth-mode", "entra"},
       {"x-portkey-azure-entra-tenant-id", "evil.example/#"},
       {"x-portkey-azure-entra-client-id", "c"},
       {"x-portkey-azure-entra-client-secret", "s"}},
      {{"authorization", "Bearer managed-identity"}},
      {{"authorization", "Bearer managed-identity:c"}},
      {{"authorization", "Bearer tenant:client:/etc/passwd"}},
      {{"authorization", "Bearer tenant:client:secret:https://evil.example"}},
      {{"authorization", "Bearer tenant:client:secret:http://169.254.169.254/"}},
      {{"api-key", "managed-identity"}},
  };
  for (const Options& options : cases) {
    ASSERT_FALSE(Resolve({.options = options}));
    EXPECT_THAT(Credentials(), testing::StartsWith("invalid_azure_credentials")) << options[0].value;
  }
  for (const char* option :
       {"azure-federated-token-file", "azure-authority-host", "azure-identity-host", "azure-tenant-id"}) {
    const std::string name = "x-portolan-" + std::string(option);
    ASSERT_FALSE(Resolve({.options = {{name, "/etc/passwd"}}}));
    EXPECT_EQ(Credentials(), "api-key: k;");
    for (const HeaderField& given : route_.target.options) EXPECT_NE(given.value, "/etc/passwd");
  }
}

TEST_F(AzureTest, FoundryHasThreeApis) {
  const HeaderView dated = {"x-portkey-azure-api-version", "2024-05-01-preview"};
  struct {
    std::string_view operation;
    const char* model;
    Options options;
    std::string url;
    const char* key = "api-key: k;";
  } const cases[] = {
      {operation::kChat, "grok-4", {}, "POST /openai/v1/chat/completions"},
      {operation::kEmbedding, "embed-v4", {}, "POST /openai/v1/embeddings"},
      {operation::kListModels, "", {}, "GET /openai/v1/models"},
      {operation::kChat,
       "grok-4",
       {{"x-portkey-azure-api-version", "preview"}},
       "POST /openai/v1/chat/completions?api-version=preview"},
      {operation::kChat, "grok-4", {dated}, "POST /models/chat/completions?api-version=2024-05-01-preview"},
      {operation::kEmbedding, "e", {dated}, "POST /models/embeddings?api-version=2024-05-01-preview"},
      {operation::kChat, "claude-opus-4-1", {}, "POST /anthropic/v1/messages", "x-api-key: k;"},
      {operation::kChat, "anthropic/claude-opus-4-1", {}, "POST /anthropic/v1/messages", "x-api-key: k;"},
      {operation::kCountTokens,
       "claude-opus-4-1",
       {dated},
       "POST /anthropic/v1/messages/count_tokens",
       "x-api-key: k;"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.url);
    const auto error = Resolve({.operation = test.operation,
                                .model = test.model,
                                .options = test.options,
                                .provider = "azure-ai",
                                .door = test.operation == operation::kCountTokens
                                            ? &AnthropicDialect()
                                            : static_cast<const Dialect*>(&OpenAiDialect())});
    ASSERT_FALSE(error) << error->message;
    std::string expected = test.url;
    expected.insert(expected.find(' ') + 1, kFoundry);
    EXPECT_EQ(Url(), expected);
    EXPECT_EQ(Credentials(), test.key);
  }
}

TEST_F(AzureTest, FoundrysOtherCallsArePassedOn) {
  const HeaderView dated = {"x-portkey-azure-api-version", "2024-05-01-preview"};
  struct {
    const char* model;
    Options options;
    const char* path;
    std::string url;
  } const cases[] = {
      {"gpt-5", {}, "/responses", "/openai/v1/responses"},
      {"", {}, "/files", "/openai/v1/files"},
      {"", {}, "/messages/batches", "/anthropic/v1/messages/batches"},
      {"claude-opus-4-1", {}, "/messages/batches", "/anthropic/v1/messages/batches"},
      {"", {dated}, "/info", "/models/info?api-version=2024-05-01-preview"},
      {"", {dated}, "/files", "/openai/files?api-version=2024-05-01-preview"},
  };
  for (const auto& test : cases) {
    ASSERT_FALSE(Resolve({.operation = operation::kRelay,
                          .model = test.model,
                          .options = test.options,
                          .provider = "azure-ai",
                          .raw_path = test.path}));
    EXPECT_EQ(Url(), "POST " + std::string(kFoundry) + test.url);
  }
}

TEST_F(AzureTest, ClaudeIsToldItsVersionAndOthersAreNot) {
  const auto headers = [&](const std::string& model, const Options& options) {
    EXPECT_FALSE(Resolve({.model = model, .options = options, .provider = "azure-ai"}));
    std::string text;
    for (const HeaderField& header : Locate(*route_.way.form, {}, route_.target).headers) {
      text += std::string(header.name) + ": " + header.value + ";";
    }
    return text;
  };
  EXPECT_EQ(headers("claude-opus-4-1", {}), "anthropic-version: 2023-06-01;");
  EXPECT_EQ(headers("claude-opus-4-1", {{"anthropic-version", "2026-10-21"}, {"anthropic-beta", "b"}}),
            "anthropic-version: 2026-10-21;anthropic-beta: b;");
  EXPECT_EQ(headers("grok-4", {{"anthropic-beta", "b"}}), "");
  EXPECT_EQ(headers("grok-4", {{"x-portkey-azure-extra-params", "pass-through"}}),
            "extra-parameters: pass-through;");
}

TEST_F(AzureTest, TheAddressOfFoundryMayBeGivenWhole) {
  for (const char* url :
       {"https://other.services.ai.azure.com", "https://other.services.ai.azure.com/models",
        "https://other.services.ai.azure.com/openai/v1/", "https://other.services.ai.azure.com/anthropic"}) {
    ASSERT_FALSE(Resolve(
        {.options = {{"x-portkey-azure-foundry-url", url}}, .provider = "azure-ai", .resource = false}));
    EXPECT_EQ(Url(), "POST https://other.services.ai.azure.com/openai/v1/chat/completions");
  }
  for (const char* url :
       {"https://evil.example", "http://other.services.ai.azure.com", "other",
        "https://evil.example/.services.ai.azure.com", "https://evil.example#.services.ai.azure.com",
        "https://k@other.services.ai.azure.com", "https://other.services.ai.azure.com/elsewhere"}) {
    const auto error = Resolve({.options = {{"x-portkey-azure-foundry-url", url}}, .provider = "azure-ai"});
    ASSERT_TRUE(error) << url;
    EXPECT_EQ(error->code, "invalid_option");
    EXPECT_EQ(error->param, "azure_foundry_url");
  }
}

}  // namespace
}  // namespace portolan::providers
