// What a key for Azure is, and how a token is asked for: as learn.microsoft.com describes it and
// @azure/identity 4.13 sends it.

#include "providers/azure_credentials.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan::providers {
namespace {

using Kind = AzureCredentials::Kind;

TEST(AzureCredentials, AreToldByTheirForm) {
  struct {
    const char* key;
    Kind kind;
    const char* tenant = "";
    const char* client = "";
    const char* secret = "";
    std::string_view authority = kEntraAuthority;
  } const cases[] = {
      {"0123456789abcdef0123456789abcdef", Kind::kKey},
      {"eyJhbGci.eyJhdWQi.c2ln", Kind::kToken},
      {"eyJhbGci.eyJhdWQi", Kind::kKey},
      {"managed-identity", Kind::kManagedIdentity},
      {"managed-identity:11-22", Kind::kManagedIdentity, "", "11-22"},
      {"managed-identity-key", Kind::kKey},
      {"t-1:c-1:s", Kind::kSecret, "t-1", "c-1", "s"},
      {"acme.onmicrosoft.com:c-1:s:with:colons", Kind::kSecret, "acme.onmicrosoft.com", "c-1",
       "s:with:colons"},
      {"t:c:s:https://login.microsoftonline.us/", Kind::kSecret, "t", "c", "s",
       "https://login.microsoftonline.us"},
      {"t:c:/var/run/token", Kind::kTokenFile, "t", "c", "/var/run/token"},
      {"t:c:/var/run/token:https://login.microsoftonline.com/", Kind::kTokenFile, "t", "c", "/var/run/token"},
  };
  for (const auto& test : cases) {
    AzureCredentials read;
    EXPECT_EQ(ReadAzureCredentials(test.key, &read), "") << test.key;
    EXPECT_EQ(read.kind, test.kind) << test.key;
    EXPECT_EQ(read.tenant, test.tenant);
    EXPECT_EQ(read.client, test.client);
    EXPECT_EQ(read.secret, test.secret);
    EXPECT_EQ(read.authority, test.authority);
  }
}

TEST(AzureCredentials, OfAWrongFormAreToldWithoutThem) {
  for (const char* key : {":c:SECRET", "t::SECRET", "t:c:", "t:c", "evil.example/#:c:SECRET", "t:c/d:SECRET",
                          "t:c:https://login.microsoftonline.com",
                          "managed-identity:", "managed-identity:a/b", "managed-identity:a&b"}) {
    AzureCredentials read;
    const std::string problem = ReadAzureCredentials(key, &read);
    EXPECT_NE(problem, "") << key;
    EXPECT_EQ(problem.find("SECRET"), std::string::npos);
  }
}

Need NeedOf(const std::string& key, std::string_view scope = kAzureScope) {
  AzureCredentials read;
  EXPECT_EQ(ReadAzureCredentials(key, &read), "");
  return AzureTokenNeed(read, scope, "http://169.254.169.254");
}

TEST(AzureCredentials, OfAnApplicationAskForATokenWithItsSecret) {
  const Need need = NeedOf("t:c:s+/=&:https://login.microsoftonline.us");
  EXPECT_EQ(need.method, "POST");
  EXPECT_EQ(need.url, "https://login.microsoftonline.us/t/oauth2/v2.0/token");
  EXPECT_EQ(
      need.body.Reveal(),
      "grant_type=client_credentials&client_id=c&scope=https:%2F%2Fcognitiveservices.azure.com%2F.default"
      "&client_secret=s%2B%2F%3D%26");
  EXPECT_EQ(need.body_file, "");
  ASSERT_EQ(need.headers.size(), 1u);
  EXPECT_EQ(need.headers[0].value, "application/x-www-form-urlencoded");
}

// RFC 7523, section 2.2.
TEST(AzureCredentials, OfAWorkloadAskWithTheTokenInTheirFile) {
  const Need need = NeedOf("t:c:/var/run/token");
  EXPECT_EQ(need.url, "https://login.microsoftonline.com/t/oauth2/v2.0/token");
  EXPECT_EQ(
      need.body.Reveal(),
      "grant_type=client_credentials&client_id=c&scope=https:%2F%2Fcognitiveservices.azure.com%2F.default"
      "&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=");
  EXPECT_EQ(need.body_file, "/var/run/token");
}

TEST(AzureCredentials, OfAMachineAskItsMetadataService) {
  const Need need = NeedOf("managed-identity:c-1");
  EXPECT_EQ(need.method, "GET");
  EXPECT_EQ(need.url,
            "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01"
            "&resource=https:%2F%2Fcognitiveservices.azure.com&client_id=c-1");
  EXPECT_EQ(need.body.Reveal(), "");
  ASSERT_EQ(need.headers.size(), 1u);
  EXPECT_EQ(need.headers[0].name, "metadata");
  EXPECT_EQ(need.headers[0].value, "true");
  // Its answer says times as texts; while it is not ready it says 404 or 410.
  const auto read = need.read(200, R"({"access_token":"tok","expires_in":"86399","token_type":"Bearer"})");
  ASSERT_TRUE(std::holds_alternative<Token>(read));
  EXPECT_EQ(std::get<Token>(read).lifetime.count(), 86399);
  EXPECT_FALSE(std::get<Refusal>(need.read(404, "")).final);
  EXPECT_FALSE(std::get<Refusal>(need.read(410, "")).final);
  EXPECT_FALSE(std::get<Refusal>(need.read(500, "")).final);
  const auto refused =
      need.read(400, R"({"error":"invalid_request","error_description":"Identity not found"})");
  EXPECT_TRUE(std::get<Refusal>(refused).final);
  EXPECT_NE(std::get<Refusal>(refused).message.find("Identity not found"), std::string::npos);
}

}  // namespace
}  // namespace portolan::providers
