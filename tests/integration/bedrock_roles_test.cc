// Roles of AWS that are assumed for a call: who fetches credentials for them, with whose keys, and what
// callers are told where they cannot be had. How often tokens are fetched, and what becomes of a fetch that
// fails, is the same for all providers: vertex_tokens_test.cc. Answers are those of AWS's reference of
// AssumeRole.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "providers/catalog.h"
#include "tests/integration/support/aws_testing.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kRole[] = "arn:aws:iam::123456789012:role/demo";
const AwsAccount kOperator = {"AKIDOPERATOR", "OPERATORSECRET/1", "", "eu-west-1"};
const AwsAccount kCaller = {"AKIDCALLER", "CALLERSECRET/1", "", "eu-west-1"};

AwsAccount AtSts(AwsAccount account) {
  account.service = "sts";
  return account;
}

// What the Nth request is given.
AwsAccount Assumed(int n) {
  const std::string number = std::to_string(n);
  return {"ASIAROLE" + number, "ROLESECRET/" + number, "ROLETOKEN+" + number + "==", "eu-west-1"};
}

Script Given(const AwsAccount& account) {
  return Respond(
      200,
      "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>"
      "<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/demo/portolan</Arn>"
      "<AssumedRoleId>ARO123EXAMPLE123:portolan</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>" +
          account.key_id + "</AccessKeyId><SecretAccessKey>" + account.secret +
          "</SecretAccessKey><SessionToken>" + account.session_token +
          "</SessionToken><Expiration>2026-11-29T13:34:41Z</Expiration></Credentials></AssumeRoleResult>"
          "<ResponseMetadata><RequestId>c6104cbe</RequestId></ResponseMetadata></AssumeRoleResponse>",
      {{"Content-Type", "text/xml"}});
}

Script Refused(int status, const std::string& code, const std::string& message) {
  return Respond(
      status,
      "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>" +
          code + "</Code><Message>" + message + "</Message></Error><RequestId>r</RequestId></ErrorResponse>",
      {{"Content-Type", "text/xml"}});
}

Script Hello(const SeenRequest&) {
  return RespondJson(
      200,
      R"({"output":{"message":{"role":"assistant","content":[{"text":"Hello"}]}},"stopReason":"end_turn",)"
      R"("usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5}})");
}

// A gateway whose operator has a key of AWS and names both hosts; its route `r` assumes a role.
class RoleLab {
 public:
  explicit RoleLab(FakeUpstream::Handler sts = {}, FakeUpstream::Handler models = Hello)
      : sts_(sts ? std::move(sts) : [this](const SeenRequest&) { return Given(Assumed(++given_)); }),
        models_(std::move(models)) {
    const std::string config = folder_.path() + "/portolan.yaml";
    std::ofstream(config) << "providers:\n  bedrock: {base_url: \"" + models_.url() +
                                 "\", api_key: \"env:OPERATORS_KEY\"}\nroutes:\n  r: {provider: bedrock, "
                                 "aws_region: eu-west-1, aws_external_id: \"123ABC\", aws_role_arn: \"" +
                                 std::string(kRole) + "\"}\n";
    gateway_.reset(new GatewayFixture(
        GatewayFixture::FromFile(config, {{"OPERATORS_KEY", kOperator.key_id + ":" + kOperator.secret},
                                          {"AWS_ENDPOINT_URL_STS", sts_.url()}})));
  }

  TestAnswer Ask(Headers headers) const {
    if (headers.empty() || headers[0].first != "x-portolan-config")
      headers.emplace_back("x-portolan-provider", "bedrock");
    return TestClient(gateway_->http_address())
        .Post("/v1/chat/completions",
              R"({"model":"amazon.nova-lite-v1:0","messages":[{"role":"user","content":"hi"}]})", headers);
  }
  TestAnswer AskRoute() const { return Ask({{"x-portolan-config", "r"}}); }

  std::vector<SeenRequest> sts() const { return sts_.requests(); }
  std::vector<SeenRequest> models() const { return models_.requests(); }
  // Of a caller with keys of their own.
  static Headers CallersRole() {
    return {{"x-portkey-aws-access-key-id", kCaller.key_id},
            {"x-portkey-aws-secret-access-key", kCaller.secret},
            {"x-portkey-aws-region", kCaller.region},
            {"x-portkey-aws-auth-type", "assumedRole"},
            {"x-portkey-aws-role-arn", kRole}};
  }

 private:
  std::atomic<int> given_{0};
  const TempFolder folder_;
  FakeUpstream sts_;
  FakeUpstream models_;
  std::unique_ptr<GatewayFixture> gateway_;
};

json ErrorOf(const TestAnswer& answer) { return json::parse(answer.body)["error"]; }

TEST(BedrockRoles, OfTheOperatorsRouteAreAssumedOnceForMany) {
  const RoleLab lab;
  for (int i = 0; i < 3; ++i) {
    const TestAnswer answer = lab.AskRoute();
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(WrongWithSignature(lab.models().back(), Assumed(1)), "");
  }
  ASSERT_EQ(lab.sts().size(), 1u);
  const SeenRequest seen = lab.sts()[0];
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/");
  EXPECT_EQ(seen.body,
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::123456789012:role%2Fdemo"
            "&RoleSessionName=portolan&DurationSeconds=3600&ExternalId=123ABC");
  EXPECT_EQ(WrongWithSignature(seen, AtSts(kOperator)), "");
  EXPECT_EQ(seen.Header("accept"), "text/xml");
  EXPECT_EQ(seen.CountHeader("accept"), 1);
}

TEST(BedrockRoles, OfCallersAreAssumedWithTheirOwnKeys) {
  const RoleLab lab;
  const TestAnswer answer = lab.Ask(lab.CallersRole());
  ASSERT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(lab.sts().size(), 1u);
  EXPECT_EQ(WrongWithSignature(lab.sts()[0], AtSts(kCaller)), "");
  EXPECT_EQ(WrongWithSignature(lab.models().back(), Assumed(1)), "");
  EXPECT_THAT(lab.models().back().raw_head, Not(HasSubstr(kCaller.secret)));
  // Somebody else's credentials are others.
  Headers others = lab.CallersRole();
  others[1].second += "2";
  EXPECT_EQ(lab.Ask(others).status, 200);
  EXPECT_EQ(lab.sts().size(), 2u);
  EXPECT_EQ(WrongWithSignature(lab.models().back(), Assumed(2)), "");
}

// The operator's keys may assume what its owner lets them; that is not for callers to choose.
TEST(BedrockRoles, CallersDoNotChooseThemForTheOperatorsKeys) {
  const RoleLab lab;
  const std::string in_config = R"({"provider":"bedrock","aws_role_arn":")" + std::string(kRole) + "\"}";
  for (const Headers& headers :
       {Headers{{"x-portolan-aws-role-arn", kRole}}, Headers{{"x-portolan-config", in_config}},
        Headers{{"x-portolan-aws-external-id", "x1"}}, Headers{{"x-portolan-aws-auth-type", "apiKey"}},
        Headers{{"x-portolan-aws-auth-type", "assumedRole"}}}) {
    const TestAnswer answer = lab.Ask(headers);
    EXPECT_EQ(answer.status, 400) << answer.body;
    EXPECT_EQ(ErrorOf(answer)["code"], "invalid_option");
    EXPECT_THAT(answer.body, HasSubstr("not with the gateway's"));
  }
  EXPECT_TRUE(lab.sts().empty());
  EXPECT_TRUE(lab.models().empty());
  // Nor do headers beside an operator's route.
  EXPECT_EQ(
      lab.Ask({{"x-portolan-config", "r"}, {"x-portolan-aws-role-arn", "arn:aws:iam::1:role/other"}}).status,
      200);
  EXPECT_THAT(lab.sts().back().body, HasSubstr("role%2Fdemo"));
  // And whom the gateway calls is not for them.
  Headers endpoint = lab.CallersRole();
  endpoint.emplace_back("x-portolan-config",
                        R"({"provider":"bedrock","aws_sts_endpoint":"http://evil.example"})");
  std::swap(endpoint.front(), endpoint.back());
  const TestAnswer refused = lab.Ask(endpoint);
  EXPECT_EQ(refused.status, 400) << refused.body;
  EXPECT_EQ(ErrorOf(refused)["code"], "invalid_option");
}

TEST(BedrockRoles, WhyTheyCannotBeAssumedIsTold) {
  const RoleLab denied([](const SeenRequest&) {
    return Refused(403, "AccessDenied", "User: u is not authorized to perform: sts:AssumeRole");
  });
  for (const bool own : {false, true}) {
    const TestAnswer answer = own ? denied.Ask(denied.CallersRole()) : denied.AskRoute();
    EXPECT_EQ(answer.status, 401) << answer.body;
    EXPECT_EQ(ErrorOf(answer)["code"], "token_refused");
    // Whose keys they are decides whose fault it is.
    EXPECT_EQ(ErrorOf(answer)["portolan"]["class"], own ? "caller" : "provider");
    EXPECT_THAT(answer.body,
                HasSubstr("status 403, AccessDenied: User: u is not authorized to perform: sts:AssumeRole"));
    EXPECT_THAT(answer.body, HasSubstr("temporary credentials of AWS"));
  }
  EXPECT_TRUE(denied.models().empty());
  const RoleLab busy([](const SeenRequest&) { return Refused(400, "Throttling", "Rate exceeded"); });
  const TestAnswer later = busy.AskRoute();
  EXPECT_EQ(later.status, 502) << later.body;
  EXPECT_EQ(ErrorOf(later)["code"], "token_unavailable");
  EXPECT_EQ(ErrorOf(later)["portolan"]["retryable"], true);
  const RoleLab odd(
      [](const SeenRequest&) { return RespondJson(200, R"({"SecretAccessKey":"SECRETPART"})"); });
  const TestAnswer none = odd.AskRoute();
  EXPECT_EQ(none.status, 502);
  EXPECT_THAT(none.body, HasSubstr("an answer that holds no credentials"));
  EXPECT_THAT(none.body, Not(HasSubstr("SECRETPART")));
}

// Bedrock's answer is a recorded one.
TEST(BedrockRoles, CredentialsThatBedrockRefusesAreFetchedAnew) {
  const RoleLab lab({}, [](const SeenRequest& request) {
    if (request.Header("authorization").find("ASIAROLE1/") == std::string::npos) return Hello(request);
    return Respond(403, R"({"message":"The security token included in the request is expired"})",
                   {{"Content-Type", "application/json"},
                    {"x-amzn-errortype", "ExpiredTokenException:http://internal.amazon.com/coral/"}});
  });
  const TestAnswer first = lab.AskRoute();
  EXPECT_EQ(first.status, 403) << first.body;
  EXPECT_EQ(ErrorOf(first)["code"], "ExpiredTokenException");
  EXPECT_EQ(lab.AskRoute().status, 200);
  EXPECT_EQ(lab.sts().size(), 2u);
}

// Whose key is the identity of its workload; kubelet renews the file. Answers are those of AWS's reference of
// AssumeRoleWithWebIdentity.
class WorkloadLab {
 public:
  explicit WorkloadLab(FakeUpstream::Handler models = Hello)
      : sts_([this](const SeenRequest& request) {
          Script script = Given(Assumed(++given_));
          return request.body.starts_with("Action=AssumeRoleWithWebIdentity&") ? OfIdentity(given_) : script;
        }),
        models_(std::move(models)) {
    const std::string config = folder_.path() + "/portolan.yaml";
    std::ofstream(config)
        << "providers:\n  bedrock: {base_url: \"" + models_.url() +
               "\", api_key: \"env:POD_KEY\"}\nroutes:\n  r: {provider: bedrock, aws_region: eu-west-1}\n"
               "  chained: {provider: bedrock, aws_region: eu-west-1, aws_role_arn: \"" +
               std::string(kRole) + "\"}\n";
    gateway_.reset(new GatewayFixture(
        GatewayFixture::FromFile(config, {{"POD_KEY", "arn:aws:iam::123456789012:role/pod:" + file()},
                                          {"AWS_ENDPOINT_URL_STS", sts_.url()}})));
  }

  void WriteToken(const std::string& text) const { std::ofstream(file(), std::ios::trunc) << text; }

  TestAnswer Ask(const Headers& headers) const {
    return TestClient(gateway_->http_address())
        .Post("/v1/chat/completions",
              R"({"model":"amazon.nova-lite-v1:0","messages":[{"role":"user","content":"hi"}]})", headers);
  }
  TestAnswer AskRoute(const char* route) const { return Ask({{"x-portolan-config", route}}); }

  std::string file() const { return folder_.path() + "/token"; }
  std::vector<SeenRequest> sts() const { return sts_.requests(); }
  std::vector<SeenRequest> models() const { return models_.requests(); }

 private:
  static Script OfIdentity(int n) {
    const AwsAccount account = Assumed(n);
    return Respond(
        200,
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
        "<AssumeRoleWithWebIdentityResult><SubjectFromWebIdentityToken>system:serviceaccount:a:b"
        "</SubjectFromWebIdentityToken><Audience>sts.amazonaws.com</Audience><AssumedRoleUser><Arn>"
        "arn:aws:sts::123456789012:assumed-role/pod/portolan</Arn><AssumedRoleId>"
        "AROACLKWSDQRAOEXAMPLE:portolan</AssumedRoleId></AssumedRoleUser><Credentials><SessionToken>" +
            account.session_token + "</SessionToken><SecretAccessKey>" + account.secret +
            "</SecretAccessKey><Expiration>2026-11-29T13:34:41Z</Expiration><AccessKeyId>" + account.key_id +
            "</AccessKeyId></Credentials><Provider>arn:aws:iam::123456789012:oidc-provider/"
            "oidc.eks.eu-west-1.amazonaws.com/id/E</Provider></AssumeRoleWithWebIdentityResult>"
            "<ResponseMetadata><RequestId>ad4156e9</RequestId></ResponseMetadata>"
            "</AssumeRoleWithWebIdentityResponse>",
        {{"Content-Type", "text/xml"}});
  }

  std::atomic<int> given_{0};
  const TempFolder folder_;
  FakeUpstream sts_;
  FakeUpstream models_;
  std::unique_ptr<GatewayFixture> gateway_;
};

TEST(BedrockWorkloads, AreKnownByWhatTheirFileHoldsNow) {
  // The models' host refuses the first credentials, after which others are fetched.
  const WorkloadLab lab([](const SeenRequest& request) {
    if (request.Header("authorization").find("ASIAROLE1/") == std::string::npos) return Hello(request);
    return Respond(403, R"({"message":"The security token included in the request is expired"})",
                   {{"x-amzn-errortype", "ExpiredTokenException:http://internal.amazon.com/coral/"}});
  });
  const std::string form =
      "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn:aws:iam::123456789012:role%2Fpod"
      "&RoleSessionName=portolan&DurationSeconds=3600&WebIdentityToken=";
  lab.WriteToken("eyJ.first.x\n");
  EXPECT_EQ(lab.AskRoute("r").status, 403);
  lab.WriteToken("eyJ.second.x");
  for (int i = 0; i < 2; ++i) {
    const TestAnswer answer = lab.AskRoute("r");
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(WrongWithSignature(lab.models().back(), Assumed(2)), "");
  }
  ASSERT_EQ(lab.sts().size(), 2u);
  EXPECT_EQ(lab.sts()[0].body, form + "eyJ.first.x");
  EXPECT_EQ(lab.sts()[1].body, form + "eyJ.second.x");
  EXPECT_EQ(lab.sts()[1].Header("authorization"), "");
}

// As EKS's webhook sets the variables in a pod.
TEST(BedrockWorkloads, AreThoseOfTheEnvironment) {
  const TempFolder folder;
  std::ofstream(folder.path() + "/token") << "eyJ.pod.x";
  const FakeUpstream sts([](const SeenRequest&) { return Given(Assumed(1)); });
  const FakeUpstream models(Hello);
  providers::Catalog catalog = providers::BuiltInCatalog();
  for (providers::Provider& provider : catalog.providers) {
    if (provider.name == "bedrock") provider.base_url = models.url();
  }
  const GatewayFixture gateway({},
                               {{"AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pod"},
                                {"AWS_WEB_IDENTITY_TOKEN_FILE", folder.path() + "/token"},
                                {"AWS_REGION", "eu-west-1"},
                                {"AWS_ENDPOINT_URL_STS", sts.url()}},
                               catalog);
  const TestAnswer answer =
      TestClient(gateway.http_address())
          .Post("/v1/chat/completions",
                R"({"model":"amazon.nova-lite-v1:0","messages":[{"role":"user","content":"hi"}]})",
                {{"x-portolan-provider", "bedrock"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(sts.requests().size(), 1u);
  EXPECT_THAT(sts.requests()[0].body, HasSubstr("role%2Fpod"));
  EXPECT_THAT(sts.requests()[0].body, ::testing::EndsWith("&WebIdentityToken=eyJ.pod.x"));
  EXPECT_EQ(WrongWithSignature(models.requests().back(), Assumed(1)), "");
}

TEST(BedrockWorkloads, AssumeOtherRoles) {
  const WorkloadLab lab;
  lab.WriteToken("eyJ.a.b");
  const TestAnswer answer = lab.AskRoute("chained");
  ASSERT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(lab.sts().size(), 2u);
  EXPECT_EQ(WrongWithSignature(lab.sts()[1], AtSts(Assumed(1))), "");
  EXPECT_THAT(lab.sts()[1].body, HasSubstr("RoleArn=arn:aws:iam::123456789012:role%2Fdemo"));
  EXPECT_EQ(WrongWithSignature(lab.models().back(), Assumed(2)), "");
}

TEST(BedrockWorkloads, NeedTheirFile) {
  const WorkloadLab lab;
  const TestAnswer answer = lab.AskRoute("r");
  EXPECT_EQ(answer.status, 502) << answer.body;
  EXPECT_EQ(ErrorOf(answer)["code"], "token_unavailable");
  EXPECT_THAT(answer.body, HasSubstr("No such file"));
  EXPECT_THAT(answer.body, Not(HasSubstr(lab.file())));
  EXPECT_TRUE(lab.sts().empty());
}

// A caller's key that names a file of this machine is none.
TEST(BedrockWorkloads, AreNotForCallersToName) {
  const WorkloadLab lab;
  lab.WriteToken("eyJ.a.b");
  const std::string key = "arn:aws:iam::999999999999:role/theirs:" + lab.file();
  const TestAnswer answer =
      lab.Ask({{"x-portolan-config", R"({"provider":"bedrock","api_key":")" + key + "\"}"}});
  EXPECT_EQ(answer.status, 400) << answer.body;
  EXPECT_EQ(ErrorOf(answer)["code"], "invalid_aws_credentials");
  EXPECT_TRUE(lab.sts().empty());
  EXPECT_TRUE(lab.models().empty());
}

}  // namespace
}  // namespace portolan::test
