#include "providers/google_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "providers/auth.h"
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
      {R"({"type":"external_account","private_key":"SECRETPART"})", "external_account"},
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
