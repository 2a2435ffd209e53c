#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/auth.h"
#include "providers/provider.h"
#include "server/base/sha256.h"

namespace portolan::providers {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int64_t kNow = 1795900232;  // 2026-11-28T21:10:32Z
constexpr std::string_view kKey = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr std::string_view kBody = R"({"messages":[{"role":"user","content":[{"text":"hi"}]}]})";

class AwsAuthTest : public testing::Test {
 protected:
  AwsAuthTest() {
    provider_.name = "bedrock";
    provider_.options = {{.name = "aws_region", .fallback = "us-east-1"}};
    target_.provider = &provider_;
    target_.api_key = Secret(std::string(kKey));
  }

  // The headers that a POST of kBody gets; its body comes in two pieces.
  std::vector<HeaderField> Sign(std::string_view base_url, std::string_view path,
                                const Auth& auth = AwsAuth()) {
    const std::string_view body[] = {kBody.substr(0, 9), kBody.substr(9)};
    const HeaderView headers[] = {{"content-type", "application/json"},
                                  {"accept", "application/json"},
                                  {"user-agent", "portolan/1"},
                                  {"traceparent", "00-1-1-00"}};
    std::vector<HeaderField> added;
    Outcome outcome = auth.Apply({"POST", base_url, path, headers, body, kNow}, target_, &added);
    EXPECT_FALSE(std::holds_alternative<Need>(outcome));
    error_.reset();
    if (auto* const error = std::get_if<Error>(&outcome)) error_ = std::move(*error);
    return added;
  }

  static std::string Value(const std::vector<HeaderField>& headers, std::string_view name) {
    for (const HeaderField& header : headers) {
      if (header.name == name) return header.value;
    }
    return "";
  }

  std::string Authorization(std::string_view base_url, std::string_view path) {
    return Value(Sign(base_url, path), "authorization");
  }

  Provider provider_;
  Target target_;
  std::optional<Error> error_;
};

constexpr std::string_view kHost = "https://bedrock-runtime.us-east-1.amazonaws.com";

// The signatures are those of botocore 1.43.11 (SigV4Auth, service bedrock) for the same requests.
TEST_F(AwsAuthTest, SignsAsBotocoreDoes) {
  struct {
    std::string_view base_url;
    std::string_view path;
    std::string_view region;
    std::string_view signature;
  } const cases[] = {
      {kHost, "/model/us.amazon.nova-2-lite-v1:0/converse", "us-east-1",
       "48ff485a00fc159cdccbd48c84c64465815a3407b02a5ccaaacf3112c2b7968d"},
      {kHost, "/model/us.amazon.nova-2-lite-v1%3A0/converse", "us-east-1",
       "fb3485c394980bc962212f000f189da7c3a9e6ac72273603802c3ed311eba63d"},
      {"https://bedrock-runtime.eu-west-1.amazonaws.com",
       "/model/"
       "arn:aws:bedrock:eu-west-1:123456789012:inference-profile%2Feu.anthropic.claude-sonnet-4-5-20250929-"
       "v1:0/converse-stream",
       "eu-west-1", "f67cc9465f17e94432ee85847c1d56503e9189a60e9d167bb55157fa855602b4"},
      {kHost, "/model/my%20model%C3%A9/converse", "us-east-1",
       "bcdaec33c85c56e0b12e6272f96c07e0eb6a18e3ea44b02d6aec97619bf007c6"},
      {"https://bedrock.example:8443/proxy", "/model/amazon.nova-lite-v1:0/converse", "us-east-1",
       "0821d4c1e5181cd3de2ea5c8a6cd9aa2fa83635de0ac7e394c22884895943b40"},
      {"https://Bedrock.Example.:8443/proxy/", "/model/amazon.nova-lite-v1:0/converse", "us-east-1",
       "0821d4c1e5181cd3de2ea5c8a6cd9aa2fa83635de0ac7e394c22884895943b40"},
      {kHost, "/model/m/converse?b=2&a=1&a=0&c", "us-east-1",
       "d8419a6e8045369867e1156c2878b1a206c60bfeb6ab77b293738fbff2357002"},
      {kHost, "/model/m/converse?x=a%2Fb&ab=1&a=2", "us-east-1",
       "d49f022365678e5cbde7bba29a67da6f3de4f380bcc917d1f5aa554426459476"},
  };
  for (const auto& one : cases) {
    const std::vector<HeaderField> headers = Sign(one.base_url, one.path);
    ASSERT_FALSE(error_);
    EXPECT_EQ(Value(headers, "x-amz-date"), "20261128T211032Z");
    EXPECT_EQ(Value(headers, "x-amz-content-sha256"),
              "c3335e07d6e89650bf94cb98664be69f8774dbc3198df221f113db0a59ea14f0");
    EXPECT_EQ(Value(headers, "authorization"),
              "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261128/" + std::string(one.region) +
                  "/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, "
                  "Signature=" +
                  std::string(one.signature))
        << one.base_url << one.path;
    EXPECT_EQ(headers.size(), 3u);
  }
}

TEST_F(AwsAuthTest, SendsAndSignsASessionToken) {
  target_.api_key = Secret(std::string(kKey) + ":SESSION/token+with=signs");
  const auto headers = Sign(kHost, "/model/amazon.nova-lite-v1:0/converse");
  EXPECT_EQ(Value(headers, "x-amz-security-token"), "SESSION/token+with=signs");
  EXPECT_THAT(Value(headers, "authorization"),
              HasSubstr("x-amz-date;x-amz-security-token, "
                        "Signature=ccfb74217a244dc775cfca83aa74512ccb9ed5d3007f04ddf6c363e389f756cc"));
}

TEST_F(AwsAuthTest, TakesTheRegionFromOptionHostAndFallback) {
  struct {
    std::string_view option;
    std::string_view host;
    std::string_view region;
  } const cases[] = {
      {"ap-south-1", "https://bedrock-runtime.eu-west-1.amazonaws.com", "ap-south-1"},
      {"", "https://bedrock-runtime.eu-west-1.amazonaws.com", "eu-west-1"},
      {"", "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"},
      {"", "https://bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1"},
      {"", "https://vpce-1-2.bedrock-runtime.eu-central-1.vpce.amazonaws.com", "eu-central-1"},
      {"", "https://bedrock-runtime.eu-west-1.example.com", "us-east-1"},
      {"", "https://notbedrock-runtime.eu-west-1.amazonaws.com", "us-east-1"},
      {"", "http://127.0.0.1:9999", "us-east-1"},
  };
  for (const auto& one : cases) {
    target_.options.clear();
    if (!one.option.empty()) target_.options.push_back({"aws_region", std::string(one.option)});
    EXPECT_THAT(Authorization(one.host, "/model/m/converse"),
                HasSubstr("/" + std::string(one.region) + "/bedrock/aws4_request"))
        << one.host;
  }
  provider_.options[0].fallback = "sa-east-1";  // from AWS_REGION
  target_.options.clear();
  EXPECT_THAT(Authorization("http://[::1]:80", "/model/m/converse"), HasSubstr("/sa-east-1/"));
  provider_.options.clear();
  EXPECT_THAT(Authorization("http://[::1]:80", "/model/m/converse"), HasSubstr("/us-east-1/"));
}

TEST_F(AwsAuthTest, SendsABedrockKeyAsABearer) {
  target_.api_key = Secret("ABSKQmVkcm9ja0FQSUtleS1hYmNk");
  const auto headers = Sign(kHost, "/model/m/converse");
  ASSERT_EQ(headers.size(), 1u);
  EXPECT_EQ(headers[0].name, "authorization");
  EXPECT_EQ(headers[0].value, "Bearer ABSKQmVkcm9ja0FQSUtleS1hYmNk");
}

// Hosts are those of AWS's list of SageMaker's endpoints
// (docs.aws.amazon.com/general/latest/gr/sagemaker.html).
TEST_F(AwsAuthTest, SignsForSageMakerWhereThatIs) {
  struct {
    std::string_view base_url;
    std::string_view scope;
  } const cases[] = {
      {"https://runtime.sagemaker.eu-west-1.amazonaws.com", "/eu-west-1/sagemaker/aws4_request"},
      {"https://runtime-fips.sagemaker.us-gov-west-1.amazonaws.com", "/us-gov-west-1/sagemaker/aws4_request"},
      {"https://vpce-1.runtime.sagemaker.eu-west-2.vpce.amazonaws.com", "/eu-west-2/sagemaker/aws4_request"},
      {"http://127.0.0.1:1", "/us-east-1/sagemaker/aws4_request"}};
  for (const auto& one : cases) {
    const auto headers = Sign(one.base_url, "/endpoints/e/invocations", SageMakerAuth());
    EXPECT_FALSE(error_);
    EXPECT_THAT(Value(headers, "authorization"), HasSubstr(one.scope)) << one.base_url;
  }
}

// It has no keys of its own.
TEST_F(AwsAuthTest, SendsSageMakerNoBearer) {
  target_.api_key = Secret("ABSKQmVkcm9jaw==");
  EXPECT_TRUE(
      Sign("https://runtime.sagemaker.eu-west-1.amazonaws.com", "/endpoints/e/invocations", SageMakerAuth())
          .empty());
  ASSERT_TRUE(error_);
  EXPECT_EQ(error_->code, "invalid_aws_credentials");
}

TEST_F(AwsAuthTest, MakesAKeyOfOptions) {
  EXPECT_EQ(AwsAuth().KeyFromOptions(target_), "");
  target_.options = {{"aws_access_key_id", "ID"}, {"aws_secret_access_key", "SECRET"}};
  EXPECT_EQ(AwsAuth().KeyFromOptions(target_), "ID:SECRET");
  target_.options.push_back({"aws_session_token", "TOKEN"});
  EXPECT_EQ(AwsAuth().KeyFromOptions(target_), "ID:SECRET:TOKEN");
}

// Else the gateway's own key would be used in its stead.
TEST_F(AwsAuthTest, RefusesHalfAKey) {
  for (const char* one : {"aws_access_key_id", "aws_secret_access_key", "aws_session_token"}) {
    target_.options = {{one, "hushhush"}};
    EXPECT_EQ(AwsAuth().KeyFromOptions(target_), "");
    EXPECT_TRUE(Sign(kHost, "/model/m/converse").empty());
    ASSERT_TRUE(error_) << one;
    EXPECT_EQ(error_->http_status, 400);
    EXPECT_EQ(error_->code, "missing_option");
    EXPECT_THAT(error_->message, Not(HasSubstr("hushhush")));
  }
}

TEST_F(AwsAuthTest, RefusesAnAddressThatCannotBeSigned) {
  EXPECT_TRUE(Sign("ftp://host", "/model/m/converse").empty());
  ASSERT_TRUE(error_);
  EXPECT_EQ(error_->code, "invalid_custom_host");
  EXPECT_THAT(error_->message, Not(HasSubstr("wJalr")));
}

}  // namespace
}  // namespace portolan::providers
