#include "providers/google_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "providers/auth.h"
#include "providers/google_impersonation.h"
#include "providers/oauth.h"
#include "server/base/sha256.h"
#include "tests/support/service_account.h"

namespace portolan::providers {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kNow = 1'764'000'000;
constexpr std::string_view kUser =
    R"({"type":"authorized_user","client_id":"id.apps.googleusercontent.com","client_secret":"s/e&c",)"
    R"("refresh_token":"1//r+t","quota_project_id":"billed"})";

// google.aip.dev/auth/4117, of a pod whose cluster's tokens Google trusts.
constexpr std::string_view kWorkload =
    R"({"type":"external_account","audience":"//iam.googleapis.com/projects/1/locations/global/)"
    R"(workloadIdentityPools/p/providers/k","subject_token_type":"urn:ietf:params:oauth:token-type:jwt",)"
    R"("token_url":"https://sts.googleapis.com/v1/token","credential_source":{"file":"/var/run/token"}})";

// `json` with more members.
std::string With(std::string_view json, const std::string& members) {
  return std::string(json.substr(0, json.size() - 1)) + "," + members + "}";
}

// Holds one token.
class OneToken final : public Tokens {
 public:
  OneToken(std::string name, std::string token) : name_(std::move(name)), token_(std::move(token)) {}
  const Secret* Find(std::string_view name) const override { return name == name_ ? &token_ : nullptr; }

 private:
  const std::string name_;
  const Secret token_;
};

class GoogleCloudAuthTest : public testing::Test {
 protected:
  Outcome Apply(const std::string& key, bool from_caller, const Tokens* tokens = nullptr) {
    target_.api_key = Secret(key);
    target_.key_from_caller = from_caller;
    headers_.clear();
    SignInput input;
    input.unix_seconds = kNow;
    input.tokens = tokens;
    return GoogleCloudAuth().Apply(input, target_, &headers_);
  }
  Need NeedOf(const std::string& key, bool from_caller) {
    Outcome outcome = Apply(key, from_caller);
    if (!std::holds_alternative<Need>(outcome)) {
      ADD_FAILURE() << "no need";
      return {};
    }
    return std::get<Need>(std::move(outcome));
  }
  Error ErrorOf(const std::string& key, bool from_caller) {
    Outcome outcome = Apply(key, from_caller);
    if (!std::holds_alternative<Error>(outcome)) {
      ADD_FAILURE() << "no error";
      return {};
    }
    return std::get<Error>(std::move(outcome));
  }

  Target target_;
  std::vector<HeaderField> headers_;
};

TEST_F(GoogleCloudAuthTest, SendsAnAccessTokenAsABearer) {
  ASSERT_TRUE(std::holds_alternative<Done>(Apply("ya29.token", true)));
  ASSERT_EQ(headers_.size(), 1u);
  EXPECT_EQ(headers_[0].name, "authorization");
  EXPECT_EQ(headers_[0].value, "Bearer ya29.token");
  EXPECT_EQ(GoogleCloudAuth().TokenName(target_), "");
}

TEST_F(GoogleCloudAuthTest, LacksATokenForAServiceAccount) {
  const std::string json = test::ServiceAccountJson("https://oauth2.googleapis.com/token");
  const Need need = NeedOf(json, true);
  EXPECT_TRUE(headers_.empty());
  EXPECT_EQ(need.url, "https://oauth2.googleapis.com/token");
  EXPECT_EQ(need.method, "POST");
  ASSERT_EQ(need.headers.size(), 1u);
  EXPECT_EQ(need.headers[0].name + ": " + need.headers[0].value,
            "content-type: application/x-www-form-urlencoded");
  EXPECT_EQ(test::WrongWithAssertion(std::string(need.body.Reveal()), need.url), "");
  EXPECT_EQ(need.name, Sha256Hex("google-cloud:" + json));
  EXPECT_EQ(need.name, GoogleCloudAuth().TokenName(target_));

  const OneToken tokens(need.name, "ya29.fetched");
  ASSERT_TRUE(std::holds_alternative<Done>(Apply(json, true, &tokens)));
  EXPECT_EQ(headers_.at(0).value, "Bearer ya29.fetched");
  // Other credentials have other tokens.
  EXPECT_TRUE(std::holds_alternative<Need>(Apply(test::ServiceAccountJson("", "other"), true, &tokens)));
}

// RFC 6749, section 6.
TEST_F(GoogleCloudAuthTest, LacksATokenForAnAuthorizedUser) {
  const Need need = NeedOf(std::string(kUser), true);
  EXPECT_EQ(need.url, "https://oauth2.googleapis.com/token");
  const std::string body(need.body.Reveal());
  EXPECT_EQ(test::FormValue(body, "grant_type"), "refresh_token");
  EXPECT_EQ(test::FormValue(body, "client_id"), "id.apps.googleusercontent.com");
  EXPECT_EQ(test::FormValue(body, "client_secret"), "s/e&c");
  EXPECT_EQ(test::FormValue(body, "refresh_token"), "1//r+t");
}

// google.aip.dev/auth/4115
TEST_F(GoogleCloudAuthTest, LacksATokenOfTheMetadataServer) {
  const Need need = NeedOf("metadata-server", false);
  EXPECT_TRUE(headers_.empty());
  EXPECT_EQ(need.method, "GET");
  EXPECT_EQ(need.url,
            "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token");
  ASSERT_EQ(need.headers.size(), 1u);
  EXPECT_EQ(need.headers[0].name + ": " + need.headers[0].value, "metadata-flavor: Google");
  EXPECT_EQ(need.body.Reveal(), "");
  EXPECT_EQ(need.name, GoogleCloudAuth().TokenName(target_));
  EXPECT_EQ(GoogleCloudAuth().ProblemOf("metadata-server"), "");

  const OneToken tokens(need.name, "ya29.lent");
  ASSERT_TRUE(std::holds_alternative<Done>(Apply("metadata-server", false, &tokens)));
  EXPECT_EQ(headers_.at(0).value, "Bearer ya29.lent");
  // Another server's is another identity.
  for (const char* host : {"10.0.0.1:8080", "http://10.0.0.1:8080/"}) {
    target_.options = {{"vertex_metadata_host", host}};
    Outcome outcome = Apply("metadata-server", false, &tokens);
    ASSERT_TRUE(std::holds_alternative<Need>(outcome)) << host;
    EXPECT_EQ(std::get<Need>(outcome).url,
              "http://10.0.0.1:8080/computeMetadata/v1/instance/service-accounts/default/token");
  }
}

TEST_F(GoogleCloudAuthTest, CallersMayNotUseWhatIsTheMachines) {
  const Error error = ErrorOf("metadata-server", true);
  EXPECT_EQ(error.code, "invalid_service_account");
  EXPECT_EQ(error.http_status, 400);
  EXPECT_EQ(error.error_class, ErrorClass::kCaller);
  EXPECT_THAT(error.message, HasSubstr("only the gateway's operator"));
  // What is like it is a token.
  EXPECT_TRUE(std::holds_alternative<Done>(Apply("metadata-server-x", true)));
}

TEST_F(GoogleCloudAuthTest, TheMetadataServerSaysWhatIsWrongInWords) {
  const Need need = NeedOf("metadata-server", false);
  struct {
    int status;
    const char* body;
    bool final;
    const char* message;
  } const cases[] = {
      {404, "Not Found\n", true, "status 404, Not Found"},
      {403, "<html>SECRETPART</html>", true, "status 403"},
      {403, "Missing Metadata-Flavor:Google header.", true,
       "status 403, Missing Metadata-Flavor:Google header."},
      {500, "Unable to generate access token; IAM returned 403 Forbidden: denied", false,
       "status 500, Unable to generate access token; IAM returned 403 Forbidden: denied"},
      {429, "", false, "status 429"},
      {503, R"({"error":"unavailable"})", false, "status 503, unavailable"},
      {200, "SECRETPART", false, "an answer that holds no access_token"},
  };
  for (const auto& test : cases) {
    const auto read = need.read(test.status, test.body);
    ASSERT_TRUE(std::holds_alternative<Refusal>(read));
    EXPECT_EQ(std::get<Refusal>(read).final, test.final) << test.status;
    EXPECT_EQ(std::get<Refusal>(read).message, test.message);
  }
  const auto read = need.read(200, R"({"access_token":"ya29.t","expires_in":3287,"token_type":"Bearer"})");
  ASSERT_TRUE(std::holds_alternative<Token>(read));
  EXPECT_EQ(std::get<Token>(read).lifetime, std::chrono::seconds(3287));
}

// RFC 8693, section 2.1. What the file holds is put behind it.
TEST_F(GoogleCloudAuthTest, LacksATokenForAWorkloadOfAnotherCloud) {
  const Need need = NeedOf(std::string(kWorkload), false);
  EXPECT_EQ(need.method, "POST");
  EXPECT_EQ(need.url, "https://sts.googleapis.com/v1/token");
  EXPECT_EQ(need.body_file, "/var/run/token");
  EXPECT_EQ(need.name, GoogleCloudAuth().TokenName(target_));
  const std::string body(need.body.Reveal());
  EXPECT_EQ(test::FormValue(body, "grant_type"), "urn:ietf:params:oauth:grant-type:token-exchange");
  EXPECT_EQ(test::FormValue(body, "audience"),
            "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k");
  EXPECT_EQ(test::FormValue(body, "scope"), "https://www.googleapis.com/auth/cloud-platform");
  EXPECT_EQ(test::FormValue(body, "requested_token_type"), "urn:ietf:params:oauth:token-type:access_token");
  EXPECT_EQ(test::FormValue(body, "subject_token_type"), "urn:ietf:params:oauth:token-type:jwt");
  EXPECT_TRUE(body.ends_with("&subject_token=")) << body;
  EXPECT_EQ(GoogleCloudAuth().ProblemOf(kWorkload), "");
}

TEST_F(GoogleCloudAuthTest, MayExchangeItForAServiceAccounts) {
  const std::string url =
      "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/s@p.iam:generateAccessToken";
  const std::string whom = R"("service_account_impersonation_url":")" + url + "\"";
  const std::string user = With(With(R"({"type":"impersonated_service_account","delegates":["a@b"]})", whom),
                                "\"source_credentials\":" + std::string(kUser));
  for (const std::string& json : {With(kWorkload, whom), user}) {
    const bool is_user = json == user;
    const Need own = NeedOf(json, is_user);
    EXPECT_EQ(own.url,
              is_user ? "https://oauth2.googleapis.com/token" : "https://sts.googleapis.com/v1/token");
    EXPECT_NE(own.name, GoogleCloudAuth().TokenName(target_));
    const OneToken first(own.name, "ya29.own");
    Outcome outcome = Apply(json, is_user, &first);
    ASSERT_TRUE(std::holds_alternative<Need>(outcome));
    const Need& need = std::get<Need>(outcome);
    EXPECT_EQ(need.method, "POST");
    EXPECT_EQ(need.url, url);
    EXPECT_EQ(need.name, GoogleCloudAuth().TokenName(target_));
    ASSERT_EQ(need.headers.size(), 2u);
    EXPECT_EQ(need.headers[0].name + ": " + need.headers[0].value, "authorization: Bearer ya29.own");
    EXPECT_EQ(need.headers[1].name + ": " + need.headers[1].value, "content-type: application/json");
    EXPECT_EQ(need.body.Reveal(),
              std::string("{") + (is_user ? R"("delegates":["a@b"],)" : "") +
                  R"("scope":["https://www.googleapis.com/auth/cloud-platform"],"lifetime":"3600s"})");
    EXPECT_TRUE(need.body_file.empty());
    const OneToken second(need.name, "ya29.lent");
    ASSERT_TRUE(std::holds_alternative<Done>(Apply(json, is_user, &second)));
    EXPECT_EQ(headers_.at(0).value, "Bearer ya29.lent");
  }
}

TEST_F(GoogleCloudAuthTest, CallersCannotNameFilesOrWhereTheyAreExchanged) {
  EXPECT_THAT(ErrorOf(std::string(kWorkload), true).message, HasSubstr("only the gateway's operator"));
  for (const char* url : {"https://evil.example/v1/x", "https://iamcredentials.googleapis.com.evil.example/",
                          "https://iamcredentials.googleapis.com@evil.example/", "http://169.254.169.254/"}) {
    const std::string json =
        With(R"({"type":"impersonated_service_account","service_account_impersonation_url":")" +
                 std::string(url) + "\"}",
             "\"source_credentials\":" + std::string(kUser));
    EXPECT_THAT(ErrorOf(json, true).message, HasSubstr("service_account_impersonation_url must be at"))
        << url;
  }
}

// iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
TEST(Impersonation, IsReadAsGoogleSaysIt) {
  const auto good = ReadImpersonation(
      200, R"({"accessToken":"ya29.c.x","expireTime":"2025-11-24T17:00:00Z"})", 1'764'003'600 - 1000);
  ASSERT_TRUE(std::holds_alternative<Token>(good));
  EXPECT_EQ(std::get<Token>(good).text.Reveal(), "ya29.c.x");
  EXPECT_EQ(std::get<Token>(good).lifetime, std::chrono::seconds(1000));
  struct {
    int status;
    const char* body;
    bool final;
    const char* message;
  } const cases[] = {
      {403, R"({"error":{"code":403,"message":"Permission denied.","status":"PERMISSION_DENIED"}})", true,
       "status 403, PERMISSION_DENIED: Permission denied."},
      {404, "<html>SECRETPART</html>", true, "status 404"},
      {429, "{}", false, "status 429"},
      {503, R"({"error":{"status":"UNAVAILABLE"}})", false, "status 503, UNAVAILABLE"},
      {200, "{}", false, "an answer that holds no accessToken"},
      {200, R"({"accessToken":"SECRETPART"})", false, "an answer whose expireTime is no time"},
      {200, R"({"accessToken":"a\r\nb","expireTime":"2030-11-24T17:00:00Z"})", false,
       "an answer that holds no accessToken"},
      {200, R"({"accessToken":"t","expireTime":"2025-11-24T15:59:59Z"})", false,
       "a token that has expired, by this machine's clock"},
  };
  for (const auto& test : cases) {
    const auto read = ReadImpersonation(test.status, test.body, 1'764'000'000);
    ASSERT_TRUE(std::holds_alternative<Refusal>(read)) << test.message;
    EXPECT_EQ(std::get<Refusal>(read).final, test.final) << test.message;
    EXPECT_EQ(std::get<Refusal>(read).message, test.message);
  }
}

TEST_F(GoogleCloudAuthTest, CallersCannotChooseTheEndpoint) {
  for (const char* url : {"http://169.254.169.254/", "https://evil.example/token", "http://localhost:1/",
                          "https://oauth2.googleapis.com/token?x", "http://oauth2.googleapis.com/token",
                          "https://oauth2.googleapis.com.evil.example/token"}) {
    const Error error = ErrorOf(test::ServiceAccountJson(url), true);
    EXPECT_EQ(error.code, "invalid_service_account") << url;
    EXPECT_EQ(error.http_status, 400);
    EXPECT_EQ(error.error_class, ErrorClass::kCaller);
    EXPECT_THAT(error.message, HasSubstr("token_uri"));
    // The operator can.
    EXPECT_EQ(NeedOf(test::ServiceAccountJson(url), false).url, url);
  }
}

TEST_F(GoogleCloudAuthTest, SaysWhatIsWrongWithTheJson) {
  const std::string good = test::ServiceAccountJson("");
  struct {
    std::string json;
    std::string problem;
  } cases[] = {
      {"{", "not a JSON object"},
      {R"({"type":"service_account"})", "no client_email"},
      {R"({"client_email":"a@b"})", "no private_key"},
      {R"({"client_email":"a@b","private_key":"SECRETPART"})", "private_key"},
      {R"({"type":"gdch_service_account","private_key":"SECRETPART"})", "gdch_service_account"},
      {R"({"type":"gdch_service_account"})", "taken are service_account, authorized_user, external_account"},
      {R"({"type":"external_account","private_key":"SECRETPART"})", "no audience"},
      {R"({"type":"external_account","audience":"a"})", "no subject_token_type"},
      {R"({"type":"external_account","audience":"a","subject_token_type":"t"})", "no token_url"},
      {R"({"type":"external_account","audience":"a","subject_token_type":"t","token_url":"https://s",)"
       R"("credential_source":{"url":"http://SECRETPART"}})",
       "names no file"},
      {R"({"type":"external_account","audience":"a","subject_token_type":"t","token_url":"https://s",)"
       R"("credential_source":{"file":"token"}})",
       "begins with /"},
      {R"({"type":"external_account","audience":"a","subject_token_type":"t","token_url":"https://s",)"
       R"("credential_source":{"file":"/t","format":{"type":"json","subject_token_field_name":"a"}}})",
       "format is text"},
      {With(kWorkload, R"("client_id":"c")"), "workforce pool"},
      {R"({"type":"impersonated_service_account","source_credentials":{}})",
       "no service_account_impersonation_url"},
      {R"({"type":"impersonated_service_account","service_account_impersonation_url":"https://i"})",
       "no source_credentials"},
      {R"({"type":"impersonated_service_account","service_account_impersonation_url":"https://i",)"
       R"("source_credentials":{"type":"authorized_user","client_id":"SECRETPART"}})",
       "its source_credentials: it has no client_secret"},
      {R"({"type":"impersonated_service_account","service_account_impersonation_url":"https://i",)"
       R"("source_credentials":)" +
           With(kWorkload, R"("service_account_impersonation_url":"https://i")") + "}",
       "impersonate somebody themselves"},
      {R"({"type":"authorized_user","client_id":"i","client_secret":"SECRETPART"})", "no refresh_token"},
      {good + "}", "not a JSON object"},
  };
  for (const auto& test : cases) {
    EXPECT_THAT(GoogleCloudAuth().ProblemOf(test.json), HasSubstr(test.problem)) << test.json;
    for (const bool from_caller : {true, false}) {
      const Error error = ErrorOf(test.json, from_caller);
      EXPECT_EQ(error.code, "invalid_service_account");
      EXPECT_EQ(error.http_status, from_caller ? 400 : 500);
      EXPECT_EQ(error.error_class, from_caller ? ErrorClass::kCaller : ErrorClass::kGateway);
      EXPECT_THAT(error.message, HasSubstr(test.problem));
      EXPECT_THAT(error.message, Not(HasSubstr("SECRETPART")));
    }
  }
  EXPECT_EQ(GoogleCloudAuth().ProblemOf(good), "");
  EXPECT_EQ(GoogleCloudAuth().ProblemOf(kUser), "");
  EXPECT_EQ(GoogleCloudAuth().ProblemOf("ya29.token"), "");
}

TEST_F(GoogleCloudAuthTest, KnowsTheProject) {
  target_.api_key = Secret(test::ServiceAccountJson("", "p-1"));
  EXPECT_EQ(GoogleCloudAuth().OptionFromKey("vertex_project_id", target_), "p-1");
  EXPECT_EQ(GoogleCloudAuth().OptionFromKey("vertex_region", target_), "");
  target_.api_key = Secret(std::string(kUser));
  EXPECT_EQ(GoogleCloudAuth().OptionFromKey("vertex_project_id", target_), "billed");
  target_.api_key = Secret("ya29.token");
  EXPECT_EQ(GoogleCloudAuth().OptionFromKey("vertex_project_id", target_), "");
}

// RFC 6749, section 5.1.
TEST(TokenAnswer, HoldsATokenAndItsLifetime) {
  for (const char* body : {R"({"access_token":"t","expires_in":3599,"token_type":"Bearer"})",
                           R"({"expires_in":"3599","access_token":"t"})",
                           "{\"access_token\": \"t\",\n \"expires_in\": 3599\n}"}) {
    const auto read = ReadTokenAnswer(200, body);
    ASSERT_TRUE(std::holds_alternative<Token>(read)) << body;
    EXPECT_EQ(std::get<Token>(read).text.Reveal(), "t");
    EXPECT_EQ(std::get<Token>(read).lifetime, std::chrono::seconds(3599));
  }
}

TEST(TokenAnswer, OfOtherKindsIsNone) {
  for (const char* body :
       {"", "hello", "[]", "null", "{}", R"({"access_token":7,"expires_in":1})", R"({"access_token":"t"})",
        R"({"access_token":"","expires_in":1})", R"({"access_token":"t","expires_in":0})",
        R"({"access_token":"t","expires_in":-5})", R"({"access_token":"t","expires_in":"soon"})",
        R"({"access_token":"a\r\nx-evil: 1","expires_in":3599})", R"({"id_token":"SECRETPART"})"}) {
    const auto read = ReadTokenAnswer(200, body);
    ASSERT_TRUE(std::holds_alternative<Refusal>(read)) << body;
    EXPECT_FALSE(std::get<Refusal>(read).final);
    EXPECT_THAT(std::get<Refusal>(read).message, Not(HasSubstr("SECRETPART")));
  }
}

// RFC 6749, section 5.2.
TEST(TokenAnswer, MayBeARefusal) {
  struct {
    int status;
    const char* body;
    bool final;
    const char* message;
  } const cases[] = {
      {400, R"({"error":"invalid_grant","error_description":"Invalid JWT Signature."})", true,
       "status 400, invalid_grant: Invalid JWT Signature."},
      {401, R"({"error":"invalid_client"})", true, "status 401, invalid_client"},
      {403, "<html>SECRETPART</html>", true, "status 403"},
      {429, R"({"error":"rate_limit_exceeded"})", false, "status 429, rate_limit_exceeded"},
      {500, "", false, "status 500"},
      {503, R"({"error":{"code":503}})", false, "status 503"},
  };
  for (const auto& test : cases) {
    const auto read = ReadTokenAnswer(test.status, test.body);
    ASSERT_TRUE(std::holds_alternative<Refusal>(read));
    EXPECT_EQ(std::get<Refusal>(read).final, test.final) << test.status;
    EXPECT_EQ(std::get<Refusal>(read).message, test.message);
  }
}

}  // namespace
}  // namespace portolan::providers
