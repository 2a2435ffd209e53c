// Tokens of Microsoft Entra ID: how each kind of credentials is exchanged for one, and that callers cannot
// have the gateway's own identity spoken for them. How often tokens are fetched, and what becomes of a fetch
// that fails, is the same for all providers: vertex_tokens_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/integration/support/azure_testing.h"
#include "tests/support/eventually.h"

namespace portolan::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kApplication[] = "tenant-1:client-1:SECRETPART:{tokens}";

// The parameters of a form, or of a query, decoded.
std::map<std::string, std::string> Parameters(const std::string& text) {
  std::map<std::string, std::string> parameters;
  std::istringstream all(text);
  for (std::string one; std::getline(all, one, '&');) {
    std::string value;
    for (size_t i = one.find('=') + 1; i < one.size(); ++i) {
      if (one[i] == '%') {
        value += static_cast<char>(std::stoi(one.substr(i + 1, 2), nullptr, 16));
        i += 2;
      } else {
        value += one[i] == '+' ? ' ' : one[i];
      }
    }
    parameters[one.substr(0, one.find('='))] = value;
  }
  return parameters;
}

TEST(AzureTokens, OfAnApplicationAreFetchedOnceAndUsedForMany) {
  AzureLab lab(kApplication);
  for (int i = 0; i < 3; ++i) {
    const TestAnswer answer = AskAzure(lab.gateway());
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(lab.Last().Header("authorization"), "Bearer token-1");
    EXPECT_EQ(lab.Last().CountHeader("api-key"), 0);
  }
  ASSERT_EQ(lab.tokens().requests().size(), 1u);
  const SeenRequest seen = lab.tokens().requests()[0];
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/tenant-1/oauth2/v2.0/token");
  EXPECT_EQ(seen.Header("content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(Parameters(seen.body),
            (std::map<std::string, std::string>{{"grant_type", "client_credentials"},
                                                {"client_id", "client-1"},
                                                {"client_secret", "SECRETPART"},
                                                {"scope", "https://cognitiveservices.azure.com/.default"}}));
}

// Claude's host takes the same tokens.
TEST(AzureTokens, ServeClaudeToo) {
  AzureLab lab(kApplication);
  TestClient client(lab.gateway().http_address());
  const TestAnswer answer =
      client.Post("/v1/messages",
                  R"({"model":"claude-opus-4-1","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})",
                  {{"x-portolan-provider", "azure-ai"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(lab.Last().Header("authorization"), "Bearer token-1");
  EXPECT_EQ(lab.Last().CountHeader("x-api-key"), 0);
}

// learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
TEST(AzureTokens, OfAManagedIdentityComeFromTheMachine) {
  for (const bool in_route : {false, true}) {
    AzureLab lab(
        in_route ? "az-key" : "managed-identity:client-2",
        [](const SeenRequest&) {
          return RespondJson(200, R"({"access_token":"managed","client_id":"c","expires_in":"86399",)"
                                  R"("expires_on":"1586984735","not_before":"1586898035",)"
                                  R"("resource":"https://cognitiveservices.azure.com",)"
                                  R"("token_type":"Bearer"})");
        },
        AnsweringAsAzure, {{"AZURE_POD_IDENTITY_AUTHORITY_HOST", "{tokens}"}},
        "routes:\n  r: {provider: azure-openai, azure_auth_mode: managed, "
        "azure_managed_client_id: client-2}\n");
    const Headers headers = in_route ? Headers{{"x-portolan-config", "r"}} : Headers{};
    const TestAnswer answer = AskAzure(lab.gateway(), headers);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(lab.Last().Header("authorization"), "Bearer managed");
    ASSERT_EQ(lab.tokens().requests().size(), 1u);
    const SeenRequest seen = lab.tokens().requests()[0];
    EXPECT_EQ(seen.method, "GET");
    EXPECT_EQ(seen.Header("metadata"), "true");
    EXPECT_EQ(seen.body, "");
    EXPECT_TRUE(seen.target.starts_with("/metadata/identity/oauth2/token?")) << seen.target;
    EXPECT_EQ(Parameters(seen.target.substr(seen.target.find('?') + 1)),
              (std::map<std::string, std::string>{{"api-version", "2018-02-01"},
                                                  {"client_id", "client-2"},
                                                  {"resource", "https://cognitiveservices.azure.com"}}));
  }
}

// The variables are those that Azure's webhook sets in a pod; kubelet renews the file.
TEST(AzureTokens, OfAWorkloadAreHadWithWhatItsFileHoldsNow) {
  const std::map<std::string, std::string> pod = {{"AZURE_TENANT_ID", "tenant-1"},
                                                  {"AZURE_CLIENT_ID", "client-1"},
                                                  {"AZURE_FEDERATED_TOKEN_FILE", "{folder}/token"},
                                                  {"AZURE_AUTHORITY_HOST", "{tokens}/"}};
  // The models' host refuses the first token, after which another is fetched.
  AzureLab lab(
      "az-key", EntraTokens(),
      [](const SeenRequest& request) {
        return request.Header("authorization") == "Bearer token-1"
                   ? RespondJson(401, R"({"error":{"code":"401","message":"expired"}})")
                   : AnsweringAsAzure(request);
      },
      pod, "routes:\n  r: {provider: azure-openai, azure_auth_mode: workload}\n");
  const Headers route = {{"x-portolan-config", "r"}};
  const auto expect = [&](size_t n, const std::string& assertion) {
    ASSERT_EQ(lab.tokens().requests().size(), n);
    const SeenRequest seen = lab.tokens().requests()[n - 1];
    EXPECT_EQ(seen.target, "/tenant-1/oauth2/v2.0/token");
    EXPECT_EQ(Parameters(seen.body),
              (std::map<std::string, std::string>{
                  {"grant_type", "client_credentials"},
                  {"client_id", "client-1"},
                  {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                  {"client_assertion", assertion},
                  {"scope", "https://cognitiveservices.azure.com/.default"}}));
  };
  std::ofstream(lab.file("token")) << "eyJ.first.x\n";
  EXPECT_EQ(AskAzure(lab.gateway(), route).status, 401);
  expect(1, "eyJ.first.x");
  std::ofstream(lab.file("token"), std::ios::trunc) << "eyJ.second.x";
  EXPECT_EQ(AskAzure(lab.gateway(), route).status, 200);
  expect(2, "eyJ.second.x");
}

TEST(AzureTokens, OfAWorkloadNeedItsFile) {
  AzureLab lab("tenant-1:client-1:{folder}/token:{tokens}");
  TestAnswer answer = AskAzure(lab.gateway());
  EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(ErrorCode(answer), "token_unavailable");
  EXPECT_THAT(answer.body, HasSubstr("No such file"));
  EXPECT_THAT(answer.body, Not(HasSubstr(lab.file("token"))));
  EXPECT_TRUE(lab.tokens().requests().empty());
  // A failure is remembered for a second.
  std::ofstream(lab.file("token")) << "eyJ.a.b";
  EXPECT_TRUE(Eventually([&] { return AskAzure(lab.gateway()).status; }, 200));
}

TEST(AzureTokens, RefusedCredentialsAreTold) {
  AzureLab lab(kApplication, [](const SeenRequest&) {
    return RespondJson(401, R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid client )"
                            R"(secret provided.","error_codes":[7000215]})");
  });
  const TestAnswer answer = AskAzure(lab.gateway());
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(ErrorCode(answer), "token_refused");
  EXPECT_EQ(json::parse(answer.body)["error"]["portolan"]["class"], "provider");
  EXPECT_THAT(answer.body, HasSubstr("AADSTS7000215"));
  EXPECT_THAT(answer.body, Not(HasSubstr("SECRETPART")));
  EXPECT_TRUE(lab.models().requests().empty());
}

TEST(AzureTokens, TheCallsOwnTimeRunsWhileOneIsFetched) {
  const Latch latch;
  AzureLab lab(kApplication, [latch](const SeenRequest&) {
    Script script;
    script.Hold(latch);
    script.Send(RespondJson(200, R"({"access_token":"late","expires_in":3599})").steps()[0].bytes);
    return script;
  });
  const TestAnswer late = AskAzure(lab.gateway(), {{"x-portolan-request-timeout", "50"}});
  EXPECT_EQ(late.status, 408);
  EXPECT_TRUE(lab.models().requests().empty());
  Latch(latch).Release();
  EXPECT_TRUE(Eventually([&] { return AskAzure(lab.gateway()).status; }, 200));
  EXPECT_EQ(lab.tokens().requests().size(), 1u);
}

TEST(AzureTokens, AShortOneServesTheCallThatWaitedForIt) {
  AzureLab lab(kApplication,
               [](const SeenRequest&) { return RespondJson(200, R"({"access_token":"t","expires_in":1})"); });
  EXPECT_EQ(AskAzure(lab.gateway()).status, 200);
  EXPECT_EQ(lab.Last().Header("authorization"), "Bearer t");
}

// As Azure's webhook or an administrator sets them: a key of these is the gateway's own.
TEST(AzureTokens, CredentialsOfTheEnvironmentAreLookedAtAtTheStart) {
  const auto start = [](const std::map<std::string, std::string>& environment) {
    config::ServeOptions options;
    options.http = "0.0.0.0:0";
    options.grpc = options.admin = "127.0.0.1:0";
    options.threads = 1;
    options.log_level = telemetry::LogLevel::kError;
    const auto gateway = Gateway::Start(options, [&](const char* name) -> const char* {
      const auto found = environment.find(name);
      return found == environment.end() ? nullptr : found->second.c_str();
    });
    return gateway.ok() ? std::string("serves") : std::string(gateway.status().message());
  };
  EXPECT_EQ(start({}), "serves");
  EXPECT_EQ(start({{"AZURE_TENANT_ID", "t"}, {"AZURE_CLIENT_ID", "c"}}), "serves");
  // Nobody may spend them unasked.
  EXPECT_THAT(
      start({{"AZURE_TENANT_ID", "t"}, {"AZURE_CLIENT_ID", "c"}, {"AZURE_CLIENT_SECRET", "SECRETPART"}}),
      ::testing::AllOf(HasSubstr("AZURE_CLIENT_SECRET"), Not(HasSubstr("SECRETPART"))));
  EXPECT_THAT(
      start({{"AZURE_TENANT_ID", "t"}, {"AZURE_CLIENT_ID", "c"}, {"AZURE_FEDERATED_TOKEN_FILE", "/f"}}),
      HasSubstr("AZURE_FEDERATED_TOKEN_FILE"));
  EXPECT_THAT(start({{"AZURE_TENANT_ID", "evil.example/#"},
                     {"AZURE_CLIENT_ID", "c"},
                     {"AZURE_CLIENT_SECRET", "SECRETPART"}}),
              ::testing::AllOf(HasSubstr("the tenant is letters"), Not(HasSubstr("SECRETPART"))));
}

class AzureStrangers : public ::testing::TestWithParam<Headers> {};

// Whatever a request says, nobody is called for it with what is the machine's, and no address of its
// choosing.
TEST_P(AzureStrangers, CannotUseTheGatewaysIdentity) {
  AzureLab lab("az-key", EntraTokens(), AnsweringAsAzure,
               {{"AZURE_POD_IDENTITY_AUTHORITY_HOST", "{tokens}"},
                {"AZURE_AUTHORITY_HOST", "{tokens}"},
                {"AZURE_TENANT_ID", "t"},
                {"AZURE_CLIENT_ID", "c"},
                {"AZURE_FEDERATED_TOKEN_FILE", "{folder}/portolan.yaml"}},
               "routes:\n  keyless: {provider: azure-openai}\n");
  for (const char* route : {"", "keyless"}) {
    Headers headers = GetParam();
    if (route[0] != 0) headers.emplace_back("x-portolan-config", route);
    TestClient client(lab.gateway().http_address());
    headers.emplace_back("x-portolan-provider", "azure-openai");
    const TestAnswer answer = client.Post(
        "/v1/chat/completions", R"({"model":"m","messages":[{"role":"user","content":"hi"}]})", headers);
    EXPECT_EQ(answer.status, 400) << answer.body;
    EXPECT_THAT(ErrorCode(answer), ::testing::AnyOf("invalid_azure_credentials", "invalid_option"));
  }
  EXPECT_TRUE(lab.tokens().requests().empty());
  EXPECT_TRUE(lab.models().requests().empty());
}

INSTANTIATE_TEST_SUITE_P(, AzureStrangers,
                         ::testing::Values(Headers{{"x-portolan-azure-auth-mode", "managed"}},
                                           Headers{{"x-portkey-azure-auth-mode", "managed"},
                                                   {"x-portkey-azure-managed-client-id", "c"}},
                                           Headers{{"x-portolan-azure-auth-mode", "workload"}},
                                           Headers{{"azure-auth-mode", "managed"}},
                                           Headers{{"x-portolan-azure-auth-mode", "entra"}},
                                           Headers{{"x-portolan-azure-auth-mode", "mystery"}}));

TEST(AzureTokens, OptionsOfTheOperatorAreNotForCallersConfigs) {
  AzureLab lab("az-key");
  for (const char* option : {"azure_federated_token_file", "azure_authority_host", "azure_identity_host"}) {
    const std::string config =
        json{{"provider", "azure-openai"}, {"azure_auth_mode", "workload"}, {option, "/etc/passwd"}}.dump();
    const TestAnswer answer = AskAzure(lab.gateway(), {{"x-portolan-config", config}});
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(ErrorCode(answer), "invalid_option");
  }
  EXPECT_TRUE(lab.models().requests().empty());
}

// An identity of the operator's may have rights elsewhere.
TEST(AzureTokens, CallersCannotChooseWhatTheOperatorsIdentityIsFor) {
  AzureLab lab(kApplication);
  const TestAnswer answer =
      AskAzure(lab.gateway(), {{"x-portolan-azure-entra-scope", "https://graph.microsoft.com/.default"}});
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(ErrorCode(answer), "invalid_option");
  EXPECT_TRUE(lab.tokens().requests().empty());
  EXPECT_EQ(
      AskAzure(lab.gateway(), {{"x-portolan-azure-entra-scope", "https://ai.azure.com/.default"}}).status,
      200);
}

}  // namespace
}  // namespace portolan::test
