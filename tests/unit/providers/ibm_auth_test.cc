// Tokens of IBM Cloud. Answers are those of cloud.ibm.com/apidocs/iam-identity-token-api, the request is what
// ibm-cloud-sdk-core 3.28 sends.

#include "providers/ibm_auth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "providers/provider.h"

namespace portolan::providers {
namespace {

using testing::HasSubstr;
using testing::Not;

class Kept final : public Tokens {
 public:
  const Secret* Find(std::string_view name) const override { return name == kept ? &secret : nullptr; }
  std::string kept;
  Secret secret{"eyJ.fetched.x"};
};

class IbmAuthTest : public testing::Test {
 protected:
  IbmAuthTest() {
    provider_.options = {{.name = "ibm_iam_endpoint"}};
    target_.provider = &provider_;
    target_.api_key = Secret("ibm+key/1");
  }

  Outcome Apply() {
    headers_.clear();
    return IbmCloudAuth().Apply({"POST", target_.base_url, "/ml/v1/text/chat", {}, {}, 0, &kept_}, target_,
                                &headers_);
  }

  Provider provider_;
  Target target_;
  Kept kept_;
  std::vector<HeaderField> headers_;
};

TEST_F(IbmAuthTest, AKeyFetchesAToken) {
  const Outcome outcome = Apply();
  const auto* const need = std::get_if<Need>(&outcome);
  ASSERT_NE(need, nullptr);
  EXPECT_EQ(need->method, "POST");
  EXPECT_EQ(need->url, "https://iam.cloud.ibm.com/identity/token");
  EXPECT_EQ(need->body.Reveal(),
            "grant_type=urn:ibm:params:oauth:grant-type:apikey&apikey=ibm%2Bkey%2F1&response_type=cloud_iam");
  EXPECT_EQ(need->name, IbmCloudAuth().TokenName(target_));
  EXPECT_THAT(need->name, Not(HasSubstr("key")));
  kept_.kept = need->name;
  ASSERT_TRUE(std::holds_alternative<Done>(Apply()));
  ASSERT_EQ(headers_.size(), 1u);
  EXPECT_EQ(headers_[0].name, "authorization");
  EXPECT_EQ(headers_[0].value, "Bearer eyJ.fetched.x");
  // Other keys, and other places, have others.
  target_.api_key = Secret("another");
  EXPECT_NE(IbmCloudAuth().TokenName(target_), kept_.kept);
  target_.api_key = Secret("ibm+key/1");
  provider_.options[0].fallback = "https://private.iam.cloud.ibm.com/";
  EXPECT_NE(IbmCloudAuth().TokenName(target_), kept_.kept);
  const Outcome elsewhere = Apply();
  ASSERT_NE(std::get_if<Need>(&elsewhere), nullptr);
  EXPECT_EQ(std::get<Need>(elsewhere).url, "https://private.iam.cloud.ibm.com/identity/token");
}

TEST_F(IbmAuthTest, ATokenGoesAsItIs) {
  target_.api_key = Secret("eyJraWQ.payload.signature");
  EXPECT_EQ(IbmCloudAuth().TokenName(target_), "");
  ASSERT_TRUE(std::holds_alternative<Done>(Apply()));
  ASSERT_EQ(headers_.size(), 1u);
  EXPECT_EQ(headers_[0].value, "Bearer eyJraWQ.payload.signature");
}

TEST(IbmTokens, AreReadWithWhyThereAreNone) {
  const auto given = ReadIbmTokenAnswer(
      200, R"({"access_token":"eyJhbGciOiJ.x.y","refresh_token":"not_supported","ims_user_id":118243,)"
           R"("token_type":"Bearer","expires_in":3600,"expiration":1473188353,"scope":"ibm openid"})");
  ASSERT_NE(std::get_if<Token>(&given), nullptr);
  EXPECT_EQ(std::get<Token>(given).text.Reveal(), "eyJhbGciOiJ.x.y");
  EXPECT_EQ(std::get<Token>(given).lifetime, std::chrono::seconds(3600));
  struct {
    int status;
    const char* body;
    bool final;
    const char* message;
  } const cases[] = {
      {400,
       R"({"context":{"requestId":"r"},"errorCode":"BXNIM0415E","errorMessage":"Provided API key could not be )"
       R"(found."})",
       true, "status 400, BXNIM0415E: Provided API key could not be found."},
      {401, R"({"errorMessage":"no"})", true, "status 401, no"},
      {429, R"({"errorCode":"BXNIM0437E"})", false, "status 429, BXNIM0437E"},
      {500, "<html>", false, "status 500"},
      {200, R"({"errorCode":"x"})", false, "an answer that holds no access_token"},
  };
  for (const auto& one : cases) {
    const auto said = ReadIbmTokenAnswer(one.status, one.body);
    const auto* const refusal = std::get_if<Refusal>(&said);
    ASSERT_NE(refusal, nullptr);
    EXPECT_EQ(refusal->final, one.final) << one.body;
    EXPECT_EQ(refusal->message, one.message);
  }
}

}  // namespace
}  // namespace portolan::providers
