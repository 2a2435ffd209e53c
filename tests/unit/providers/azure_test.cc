// Where calls of Azure OpenAI go and with what credentials.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/providers/azure_testing.h"

namespace portolan::providers {
namespace {

using testing::HasSubstr;

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
      {{.model = "a/b?c#", .options = {dated}}, "POST /deployments/a%2Fb%3Fc%23/chat/completions", ""},
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

}  // namespace
}  // namespace portolan::providers
