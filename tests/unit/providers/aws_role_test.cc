// Temporary credentials for a role: what AWS's Security Token Service is asked, and what its answers mean.
// The request's members are those of botocore's description of AssumeRole, answers those of AWS's reference
// of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "providers/auth.h"
#include "providers/provider.h"
#include "providers/sts.h"

namespace portolan::providers {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr int64_t kNow = 1795900232;  // 2026-11-28T21:10:32Z
constexpr std::string_view kKey = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr std::string_view kArn = "arn:aws:iam::123456789012:role/demo";
constexpr std::string_view kHost = "https://bedrock-runtime.eu-west-1.amazonaws.com";

// As AWS's reference of AssumeRole has it.
constexpr char kGiven[] = R"(<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleResult>
  <SourceIdentity>Alice</SourceIdentity>
    <AssumedRoleUser>
      <Arn>arn:aws:sts::123456789012:assumed-role/demo/TestAR</Arn>
      <AssumedRoleId>ARO123EXAMPLE123:TestAR</AssumedRoleId>
    </AssumedRoleUser>
    <Credentials>
      <AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>
      <SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY</SecretAccessKey>
      <SessionToken>AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQW==</SessionToken>
      <Expiration>2019-11-09T13:34:41Z</Expiration>
    </Credentials>
    <PackedPolicySize>6</PackedPolicySize>
  </AssumeRoleResult>
  <ResponseMetadata>
    <RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId>
  </ResponseMetadata>
</AssumeRoleResponse>)";

std::string Refused(const std::string& code, const std::string& message) {
  return R"(<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>)" +
         code + "</Code><Message>" + message + "</Message></Error><RequestId>r-1</RequestId></ErrorResponse>";
}

class Kept final : public Tokens {
 public:
  const Secret* Find(std::string_view name) const override {
    const auto found = tokens.find(std::string(name));
    return found == tokens.end() ? nullptr : &found->second;
  }
  std::map<std::string, Secret> tokens;
};

class AwsRoleTest : public testing::Test {
 protected:
  AwsRoleTest() {
    provider_.name = "bedrock";
    provider_.options = {{.name = "aws_region", .fallback = "us-east-1"}, {.name = "aws_sts_endpoint"}};
    target_.provider = &provider_;
    target_.base_url = kHost;
    target_.api_key = Secret(std::string(kKey));
    target_.options = {{"aws_role_arn", std::string(kArn)}};
  }

  Outcome Apply() {
    headers_.clear();
    const HeaderView headers[] = {{"content-type", "application/json"}};
    const std::string_view body[] = {"{}"};
    return AwsAuth().Apply({"POST", target_.base_url, "/model/m/converse", headers, body, kNow, &kept_},
                           target_, &headers_);
  }

  Need Lacking() {
    Outcome outcome = Apply();
    EXPECT_TRUE(headers_.empty());
    if (auto* const need = std::get_if<Need>(&outcome)) return std::move(*need);
    const auto* const error = std::get_if<Error>(&outcome);
    ADD_FAILURE() << (error == nullptr ? "nothing is lacking" : error->message);
    return {};
  }

  void ExpectError(const char* code, const char* param) {
    const Outcome outcome = Apply();
    const auto* const error = std::get_if<Error>(&outcome);
    ASSERT_NE(error, nullptr) << param;
    EXPECT_EQ(error->code, code) << param;
    EXPECT_EQ(error->param, param);
    // The region may be the caller's beside the operator's key.
    const bool callers = target_.key_from_caller || error->param == "aws_region";
    EXPECT_EQ(error->http_status, callers ? 400 : 500) << param;
    EXPECT_THAT(error->message, Not(HasSubstr("wJalr")));
    EXPECT_TRUE(headers_.empty());
  }

  static std::string Value(const std::vector<HeaderField>& headers, std::string_view name) {
    for (const HeaderField& header : headers) {
      if (header.name == name) return header.value;
    }
    return "";
  }

  Provider provider_;
  Target target_;
  Kept kept_;
  std::vector<HeaderField> headers_;
};

// Signatures are those of botocore 1.44.5 (SigV4Auth, service sts) for the same requests.
TEST_F(AwsRoleTest, IsAskedForWithASignedRequest) {
  const Need need = Lacking();
  EXPECT_EQ(need.method, "POST");
  EXPECT_EQ(need.url, "https://sts.eu-west-1.amazonaws.com/");
  EXPECT_EQ(need.body.Reveal(),
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::123456789012:role%2Fdemo"
            "&RoleSessionName=portolan&DurationSeconds=3600");
  EXPECT_EQ(Value(need.headers, "content-type"), "application/x-www-form-urlencoded; charset=utf-8");
  // The service answers in JSON, which it does not describe, where that is asked for.
  EXPECT_EQ(Value(need.headers, "accept"), "text/xml");
  EXPECT_EQ(Value(need.headers, "x-amz-date"), "20261128T211032Z");
  EXPECT_EQ(Value(need.headers, "authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261128/eu-west-1/sts/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=c3305f6b5944dfdecdee14427630caa4e946e36b2915a537df2097a7ac384079");
  EXPECT_EQ(Value(need.headers, "x-amz-security-token"), "");
}

TEST_F(AwsRoleTest, IsAskedForInOtherPartitionsAndByTemporaryKeys) {
  target_.api_key = Secret(std::string(kKey) + ":TOKEN/with+marks=");
  target_.options = {{"aws_role_arn", "arn:aws-cn:iam::123456789012:role/demo"},
                     {"aws_external_id", "123ABC"},
                     {"aws_region", "cn-north-1"},
                     {"aws_auth_type", "assumedRole"}};
  const Need need = Lacking();
  EXPECT_EQ(need.url, "https://sts.cn-north-1.amazonaws.com.cn/");
  EXPECT_THAT(need.body.Reveal(), HasSubstr("&ExternalId=123ABC"));
  EXPECT_EQ(Value(need.headers, "x-amz-security-token"), "TOKEN/with+marks=");
  EXPECT_EQ(Value(need.headers, "authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261128/cn-north-1/sts/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "
            "Signature=8dbe44c8731a6462b062f9f604fe1c17b9593ed0b45bc20471dc34b6df382e76");
}

// partitions.json of botocore.
TEST_F(AwsRoleTest, TheServiceIsInTheRegionsPartition) {
  struct {
    const char* region;
    const char* url;
  } const cases[] = {{"us-east-1", "https://sts.us-east-1.amazonaws.com/"},
                     {"us-gov-west-1", "https://sts.us-gov-west-1.amazonaws.com/"},
                     {"cn-northwest-1", "https://sts.cn-northwest-1.amazonaws.com.cn/"},
                     {"eusc-de-east-1", "https://sts.eusc-de-east-1.amazonaws.eu/"},
                     {"us-iso-east-1", "https://sts.us-iso-east-1.c2s.ic.gov/"},
                     {"us-isob-east-1", "https://sts.us-isob-east-1.sc2s.sgov.gov/"},
                     {"eu-isoe-west-1", "https://sts.eu-isoe-west-1.cloud.adc-e.uk/"},
                     {"us-isof-south-1", "https://sts.us-isof-south-1.csp.hci.ic.gov/"}};
  for (const auto& one : cases) {
    target_.options = {{"aws_role_arn", std::string(kArn)}, {"aws_region", one.region}};
    EXPECT_EQ(Lacking().url, one.url);
  }
}

TEST_F(AwsRoleTest, SignsWithWhatIsGiven) {
  const Need need = Lacking();
  kept_.tokens[need.name] = Secret("ASIAEXAMPLE:SECRET/2:TOKEN+2=");
  ASSERT_TRUE(std::holds_alternative<Done>(Apply()));
  EXPECT_THAT(Value(headers_, "authorization"),
              StartsWith("AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/20261128/eu-west-1/bedrock/aws4_request"));
  EXPECT_EQ(Value(headers_, "x-amz-security-token"), "TOKEN+2=");
  EXPECT_EQ(AwsAuth().TokenName(target_), need.name);
}

TEST_F(AwsRoleTest, NamesTellCredentialsApartAndHoldNoneOfThem) {
  const std::string name = Lacking().name;
  EXPECT_EQ(Lacking().name, name);
  EXPECT_THAT(name, Not(HasSubstr("wJalr")));
  const Target first = target_;
  const auto other = [&](const std::function<void()>& change) {
    target_ = first;
    change();
    return Lacking().name;
  };
  std::set<std::string> names = {name};
  EXPECT_TRUE(names.insert(other([&] { target_.api_key = Secret("AKIDEXAMPLE:another"); })).second);
  EXPECT_TRUE(names.insert(other([&] { target_.options[0].value += "2"; })).second);
  EXPECT_TRUE(names.insert(other([&] { target_.options.push_back({"aws_external_id", "id"}); })).second);
  EXPECT_TRUE(names.insert(other([&] { target_.options.push_back({"aws_region", "eu-west-2"}); })).second);
  EXPECT_TRUE(
      names.insert(other([&] { target_.options.push_back({"aws_sts_endpoint", "http://h:1"}); })).second);
  target_ = first;
  target_.options.clear();
  EXPECT_EQ(AwsAuth().TokenName(target_), "");
}

TEST_F(AwsRoleTest, OperatorsNameAnotherEndpoint) {
  target_.options.push_back({"aws_sts_endpoint", "http://sts.internal:8080/"});
  EXPECT_EQ(Lacking().url, "http://sts.internal:8080/");
  provider_.options[1].fallback = "https://vpce-1.sts.eu-west-1.vpce.amazonaws.com";  // of the environment
  target_.options.pop_back();
  EXPECT_EQ(Lacking().url, "https://vpce-1.sts.eu-west-1.vpce.amazonaws.com/");
}

TEST_F(AwsRoleTest, WhatCannotBeAskedForIsRefusedFirst) {
  for (const bool from_caller : {true, false}) {
    target_.key_from_caller = from_caller;
    for (const char* const arn :
         {"demo", "arn:aws:iam::123456789012:user/demo", "arn:aws:iam::123456789012:role/",
          "arn:aws:iam::1:role/a b", "https://evil.example/:iam::1:role/x"}) {
      target_.options = {{"aws_role_arn", arn}};
      ExpectError("invalid_option", "aws_role_arn");
    }
    target_.options = {{"aws_role_arn", std::string(kArn)}, {"aws_external_id", "a b"}};
    ExpectError("invalid_option", "aws_external_id");
    for (const char* const region : {"evil.example/#", "a@b", "eu west", ".."}) {
      target_.options = {{"aws_role_arn", std::string(kArn)}, {"aws_region", region}};
      ExpectError("invalid_option", "aws_region");
    }
    target_.options = {{"aws_auth_type", "assumedRole"}};
    ExpectError("missing_option", "aws_role_arn");
    target_.options = {{"aws_external_id", "123ABC"}};
    ExpectError("missing_option", "aws_role_arn");
    target_.options = {{"aws_auth_type", "other"}};
    ExpectError("invalid_option", "aws_auth_type");
    // A role is assumed with a key that signs.
    target_.options = {{"aws_auth_type", "apiKey"}, {"aws_role_arn", std::string(kArn)}};
    ExpectError("invalid_option", "aws_auth_type");
  }
  target_.api_key = Secret("ABSKQmVkcm9jaw==");
  target_.options = {{"aws_role_arn", std::string(kArn)}};
  ExpectError("invalid_option", "aws_role_arn");
}

// As a bearer it would tell the secret to whoever is called.
TEST_F(AwsRoleTest, ASecretIsNoBearerWhateverIsSaid) {
  target_.options = {{"aws_auth_type", "apiKey"}};
  ExpectError("invalid_option", "aws_auth_type");
  EXPECT_TRUE(headers_.empty());
  target_.api_key = Secret("ABSKQmVkcm9jaw==");
  ASSERT_TRUE(std::holds_alternative<Done>(Apply()));
  EXPECT_EQ(Value(headers_, "authorization"), "Bearer ABSKQmVkcm9jaw==");
}

// The variables of a pod of EKS with IRSA, joined
// (docs.aws.amazon.com/eks/latest/userguide/pod-configuration.html).
constexpr std::string_view kWorkload =
    "arn:aws:iam::123456789012:role/eks/my-role:"
    "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";

class AwsWorkloadTest : public AwsRoleTest {
 protected:
  AwsWorkloadTest() {
    target_.api_key = Secret(std::string(kWorkload));
    target_.options.clear();
  }
};

// The members are those of AWS's reference of AssumeRoleWithWebIdentity, which is called without a signature.
TEST_F(AwsWorkloadTest, IsToldByItsToken) {
  const Need need = Lacking();
  EXPECT_EQ(need.method, "POST");
  EXPECT_EQ(need.url, "https://sts.eu-west-1.amazonaws.com/");
  EXPECT_EQ(need.body.Reveal(),
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
            "&RoleArn=arn:aws:iam::123456789012:role%2Feks%2Fmy-role&RoleSessionName=portolan"
            "&DurationSeconds=3600&WebIdentityToken=");
  EXPECT_EQ(need.body_file, "/var/run/secrets/eks.amazonaws.com/serviceaccount/token");
  EXPECT_EQ(Value(need.headers, "content-type"), "application/x-www-form-urlencoded; charset=utf-8");
  EXPECT_EQ(Value(need.headers, "accept"), "text/xml");
  EXPECT_EQ(Value(need.headers, "authorization"), "");
  kept_.tokens[need.name] = Secret("ASIAEXAMPLE:SECRET/2:TOKEN+2=");
  ASSERT_TRUE(std::holds_alternative<Done>(Apply()));
  EXPECT_THAT(Value(headers_, "authorization"),
              StartsWith("AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/20261128/eu-west-1/bedrock/aws4_request"));
  EXPECT_EQ(Value(headers_, "x-amz-security-token"), "TOKEN+2=");
  EXPECT_EQ(AwsAuth().TokenName(target_), need.name);
}

// Its own role assumes another, as in an account that is not the cluster's.
TEST_F(AwsWorkloadTest, AssumesARoleWithWhatItIsGiven) {
  target_.options = {{"aws_role_arn", "arn:aws:iam::999999999999:role/other"},
                     {"aws_auth_type", "assumedRole"}};
  const Need first = Lacking();
  EXPECT_THAT(first.body.Reveal(), HasSubstr("123456789012:role%2Feks%2Fmy-role"));
  kept_.tokens[first.name] = Secret("ASIAFIRST:SECRET:TOKEN");
  const Need second = Lacking();
  EXPECT_NE(second.name, first.name);
  EXPECT_THAT(second.body.Reveal(), StartsWith("Action=AssumeRole&"));
  EXPECT_THAT(second.body.Reveal(), HasSubstr("999999999999:role%2Fother"));
  EXPECT_THAT(Value(second.headers, "authorization"), HasSubstr("Credential=ASIAFIRST/"));
  EXPECT_EQ(Value(second.headers, "x-amz-security-token"), "TOKEN");
  kept_.tokens[second.name] = Secret("ASIASECOND:SECRET:TOKEN2");
  // The first is not needed for as long as the second is good.
  kept_.tokens.erase(first.name);
  ASSERT_TRUE(std::holds_alternative<Done>(Apply()));
  EXPECT_THAT(Value(headers_, "authorization"), HasSubstr("Credential=ASIASECOND/"));
  EXPECT_EQ(AwsAuth().TokenName(target_), second.name);
  // Also its own, which is not what it has already.
  target_.options = {{"aws_role_arn", "arn:aws:iam::123456789012:role/eks/my-role"}};
  kept_.tokens[first.name] = Secret("ASIAFIRST:SECRET:TOKEN");
  EXPECT_THAT(Lacking().body.Reveal(), StartsWith("Action=AssumeRole&"));
}

TEST_F(AwsWorkloadTest, IsNotForCallers) {
  target_.key_from_caller = true;
  ExpectError("invalid_aws_credentials", "");
  target_.options = {{"aws_role_arn", std::string(kArn)}};
  ExpectError("invalid_aws_credentials", "");
  // Not even what the operator's calls have fetched with it: the text of the key is easily guessed.
  for (const bool with_role : {false, true}) {
    kept_.tokens.clear();
    target_.options = {};
    if (with_role) target_.options = {{"aws_role_arn", std::string(kArn)}};
    target_.key_from_caller = false;
    kept_.tokens[Lacking().name] = Secret("ASIAFIRST:SECRET:TOKEN");
    if (with_role) kept_.tokens[Lacking().name] = Secret("ASIASECOND:SECRET:TOKEN");
    ASSERT_TRUE(std::holds_alternative<Done>(Apply()));
    target_.key_from_caller = true;
    ExpectError("invalid_aws_credentials", "");
  }
}

TEST_F(AwsWorkloadTest, WhatIsWrongIsTold) {
  for (const char* key : {"arn:aws:iam::123456789012:role/demo", "arn:aws:iam::123456789012:role/demo:",
                          "arn:aws:iam::123456789012:role/demo:token", "arn:aws:iam::123456789012:user/u:/f",
                          "arn:aws:iam::123456789012:role/:/f", "arn::/f"}) {
    EXPECT_NE(AwsAuth().ProblemOf(key), "") << key;
    target_.api_key = Secret(key);
    ExpectError("invalid_aws_credentials", "");
  }
  for (const std::string_view key : {kWorkload, kKey, std::string_view("ABSKQmVkcm9jaw==")}) {
    EXPECT_EQ(AwsAuth().ProblemOf(key), "") << key;
  }
  target_.api_key = Secret(std::string(kWorkload));
  target_.options = {{"aws_auth_type", "apiKey"}};
  ExpectError("invalid_option", "aws_auth_type");
  target_.options = {{"aws_region", "evil.example/#"}};
  ExpectError("invalid_option", "aws_region");
}

TEST(Sts, GivesCredentials) {
  const auto said = sts::ReadAnswer(200, kGiven);
  const auto* const token = std::get_if<Token>(&said);
  ASSERT_NE(token, nullptr);
  EXPECT_EQ(token->text.Reveal(),
            "ASIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY:"
            "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQW==");
  EXPECT_EQ(token->lifetime, std::chrono::seconds(3600));  // as was asked for
}

TEST(Sts, AnswersThatHoldNone) {
  const std::string given = kGiven;
  const auto without = [&](const std::string& part) {
    std::string text = given;
    return text.erase(text.find(part), part.size());
  };
  const auto with = [&](const std::string& part, const std::string& instead) {
    std::string text = given;
    return text.replace(text.find(part), part.size(), instead);
  };
  for (const std::string& answer :
       {std::string(), std::string("{}"), without("<SecretAccessKey>"), without("</SessionToken>"),
        with("ASIAIOSFODNN7EXAMPLE", ""), with("ASIAIOSFODNN7EXAMPLE", "A:B"),
        with("ASIAIOSFODNN7EXAMPLE", "A\r\nx-evil: 1"), with("AQoDYXdzEPT", "<x>"),
        with("AQoDYXdzEPT", std::string(20000, 'a'))}) {
    const auto said = sts::ReadAnswer(200, answer);
    const auto* const refusal = std::get_if<Refusal>(&said);
    ASSERT_NE(refusal, nullptr) << answer;
    EXPECT_FALSE(refusal->final);
    EXPECT_EQ(refusal->message, "an answer that holds no credentials");
  }
}

// Codes of AWS's reference of AssumeRole and of its common errors.
TEST(Sts, TellsWhyItRefuses) {
  struct {
    int status;
    std::string body;
    bool final;
    const char* message;
  } const cases[] = {
      {403, Refused("AccessDenied", "User: u is not authorized to perform: sts:AssumeRole on resource: r"),
       true, "status 403, AccessDenied: User: u is not authorized to perform: sts:AssumeRole on resource: r"},
      {403, Refused("InvalidClientTokenId", "The security token included in the request is invalid."), true,
       "status 403, InvalidClientTokenId: The security token included in the request is invalid."},
      {400, Refused("ValidationError", "1 &lt; 2"), true, "status 400, ValidationError: 1 < 2"},
      {400, Refused("Throttling", "Rate exceeded"), false, "status 400, Throttling: Rate exceeded"},
      {429, "", false, "status 429"},
      // Of a workload: those of AWS's reference of AssumeRoleWithWebIdentity.
      {400, Refused("IDPCommunicationError", "Unable to reach the provider"), false,
       "status 400, IDPCommunicationError: Unable to reach the provider"},
      {400, Refused("ExpiredTokenException", "Token expired"), true,
       "status 400, ExpiredTokenException: Token expired"},
      {500, "", false, "status 500"},
      {503, "<html><title>Service Unavailable</title></html>", false, "status 503"},
      {403,
       Refused("SignatureDoesNotMatch",
               "The signature does not match. Check your key.\n\nThe Canonical String for "
               "this request should have been\n'POST\nx-amz-security-token:hushhush'"),
       true, "status 403, SignatureDoesNotMatch: The signature does not match. Check your key."},
  };
  for (const auto& one : cases) {
    const auto said = sts::ReadAnswer(one.status, one.body);
    const auto* const refusal = std::get_if<Refusal>(&said);
    ASSERT_NE(refusal, nullptr) << one.body;
    EXPECT_EQ(refusal->final, one.final) << one.body;
    EXPECT_EQ(refusal->message, one.message);
  }
}

// Bedrock tells with 403 that temporary credentials have ended, as much else; the header is that of a
// recording.
TEST(Sts, CredentialsThatHaveEndedAreKnown) {
  const HeaderView expired[] = {{"x-amzn-errortype", "ExpiredTokenException:http://internal.amazon.com/"}};
  const HeaderView invalid[] = {{"x-amzn-errortype", "UnrecognizedClientException"}};
  const HeaderView denied[] = {{"x-amzn-errortype", "AccessDeniedException"}};
  EXPECT_TRUE(AwsAuth().RefusesToken(403, expired));
  EXPECT_TRUE(AwsAuth().RefusesToken(403, invalid));
  EXPECT_FALSE(AwsAuth().RefusesToken(403, denied));
  EXPECT_FALSE(AwsAuth().RefusesToken(403, {}));
  EXPECT_TRUE(GoogleCloudAuth().RefusesToken(401, {}));
  EXPECT_FALSE(GoogleCloudAuth().RefusesToken(403, expired));
}

}  // namespace
}  // namespace portolan::providers
