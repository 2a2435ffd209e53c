// Credentials that an agent beside the container hands out: by which variables it is found, what it is asked,
// what its answers mean. Answers are those of AWS's documentation of ECS's agent
// (docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html) and of the handler of EKS's.

#include "providers/aws_container.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/auth.h"
#include "providers/provider.h"

namespace portolan::providers {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr int64_t kNow = 1795900232;  // 2026-11-28T21:10:32Z
// The variables that EKS's webhook sets in a pod, joined
// (docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html).
constexpr std::string_view kPod =
    "http://169.254.170.23/v1/credentials:"
    "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token";

TEST(AwsContainer, ItsKeysSayWhereAndWithWhat) {
  struct {
    const char* key;
    const char* url;
    const char* file;
    const char* token;
  } const cases[] = {
      {"/v2/credentials/6f2c", "http://169.254.170.2/v2/credentials/6f2c", "", ""},
      {"/v2/credentials/6f2c:/f", "http://169.254.170.2/v2/credentials/6f2c", "/f", ""},
      {"/get?a=b::Basic abcd", "http://169.254.170.2/get?a=b", "", "Basic abcd"},
      {"http://169.254.170.2/v2/c", "http://169.254.170.2/v2/c", "", ""},
      {"http://[fd00:ec2::23]/v1/credentials:/t", "http://[fd00:ec2::23]/v1/credentials", "/t", ""},
      {"http://localhost:8080/get-credentials::Basic abcd", "http://localhost:8080/get-credentials", "",
       "Basic abcd"},
      {"http://localhost/c::/begins/with/a/slash:and=", "http://localhost/c", "",
       "/begins/with/a/slash:and="},
      {"http://127.0.0.1:1338", "http://127.0.0.1:1338", "", ""},
      {"http://127.0.0.1:1338:/f:t", "http://127.0.0.1:1338", "/f", "t"},
      {"http://127.4.5.6::123", "http://127.4.5.6", "", "123"},
      {"http://[::1]:99?x:/f", "http://[::1]:99?x", "/f", ""},
      {"https://any.example:8443/c:/f", "https://any.example:8443/c", "/f", ""},
      {"https://10.0.0.1/c", "https://10.0.0.1/c", "", ""},
  };
  for (const auto& one : cases) {
    container::Source source;
    EXPECT_TRUE(container::IsSource(one.key)) << one.key;
    EXPECT_EQ(container::Read(one.key, &source), "") << one.key;
    EXPECT_EQ(source.url, one.url);
    EXPECT_EQ(source.token_file, one.file) << one.key;
    EXPECT_EQ(source.token, one.token) << one.key;
  }
  for (const char* key : {"AKIDEXAMPLE:/wJalr", "ABSKQmVkcm9jaw==", "arn:aws:iam::1:role/r:/f", "ftp://h/"}) {
    EXPECT_FALSE(container::IsSource(key)) << key;
  }
}

TEST(AwsContainer, WithoutTlsOnlyKnownHostsAreAsked) {
  for (const char* key :
       {"http://169.254.169.254/c", "http://10.0.0.1/c", "http://example.com/c",
        "http://localhost.evil.example/c", "http://127.0.0.1.evil.example/c", "http://127.evil.x1/c",
        "http://169.254.170.2@evil.example/c", "http://[fd00:ec2::24]/c", "http://0177.0.0.1/c", "http:///c",
        "http://:80/c", "https:///c", "http://localhost:99999/c", "/c:token-and-no-file", "/c d",
        "http://localhost/c#d"}) {
    container::Source source;
    const std::string problem = container::Read(key, &source);
    EXPECT_NE(problem, "") << key;
    EXPECT_THAT(problem, Not(HasSubstr("evil"))) << key;
  }
}

TEST(AwsContainer, IsAskedForWithItsToken) {
  container::Source source;
  ASSERT_EQ(container::Read(kPod, &source), "");
  const Need pod = container::Fetch(source);
  EXPECT_EQ(pod.method, "GET");
  EXPECT_EQ(pod.url, "http://169.254.170.23/v1/credentials");
  EXPECT_EQ(pod.body_file, "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token");
  EXPECT_TRUE(pod.headers.empty());
  EXPECT_EQ(pod.body.Reveal(), "");
  ASSERT_EQ(container::Read("/c::Basic abcd", &source), "");
  const Need task = container::Fetch(source);
  EXPECT_EQ(task.body_file, "");
  ASSERT_EQ(task.headers.size(), 1u);
  EXPECT_EQ(task.headers[0].name, "authorization");
  EXPECT_EQ(task.headers[0].value, "Basic abcd");
  // A file, where both are given.
  ASSERT_EQ(container::Read("/c:/f:Basic abcd", &source), "");
  EXPECT_EQ(container::Fetch(source).body_file, "/f");
  EXPECT_TRUE(container::Fetch(source).headers.empty());
}

// ECS's documentation has this one, whose parts are shortened there too.
constexpr char kGiven[] = R"({
    "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
    "Expiration": "2026-11-28T22:10:32Z",
    "RoleArn": "arn:aws:iam::111122223333:role/test",
    "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "Token": "IQoJb3JpZ2luX2VjEEXAMPLETOKEN=="
})";

std::string With(std::string_view part, std::string_view instead) {
  std::string text = kGiven;
  return text.replace(text.find(part), part.size(), instead);
}

TEST(AwsContainer, GivesCredentialsUntilTheyExpire) {
  const auto read = [](const std::string& body) { return container::ReadAnswerAt(200, body, kNow); };
  const auto given = read(kGiven);
  const auto* token = std::get_if<Token>(&given);
  ASSERT_NE(token, nullptr);
  EXPECT_EQ(token->text.Reveal(),
            "ASIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY:IQoJb3JpZ2luX2VjEEXAMPLETOKEN==");
  EXPECT_EQ(token->lifetime, std::chrono::seconds(3600));
  // As EKS's agent writes times.
  const auto exact = read(With("22:10:32Z", "21:40:32.123456789Z"));
  ASSERT_NE(std::get_if<Token>(&exact), nullptr);
  EXPECT_EQ(std::get<Token>(exact).lifetime, std::chrono::seconds(1800));
  const auto far = read(With("2026-11-28", "2099-11-28"));
  ASSERT_NE(std::get_if<Token>(&far), nullptr);
  EXPECT_EQ(std::get<Token>(far).lifetime, std::chrono::hours(24));
  // Long-lived ones have neither a token nor an end.
  const auto lasting = read(R"({"AccessKeyId":"AKID","SecretAccessKey":"s/1"})");
  ASSERT_NE(std::get_if<Token>(&lasting), nullptr);
  EXPECT_EQ(std::get<Token>(lasting).text.Reveal(), "AKID:s/1");
  EXPECT_EQ(std::get<Token>(lasting).lifetime, std::chrono::minutes(15));
}

TEST(AwsContainer, AnswersThatHoldNone) {
  struct {
    std::string body;
    const char* message;
  } const cases[] = {
      {"", "an answer that holds no credentials"},
      {"[]", "an answer that holds no credentials"},
      {With("\"SecretAccessKey\"", "\"Other\""), "an answer that holds no credentials"},
      {With("ASIAIOSFODNN7EXAMPLE", "A:B"), "an answer that holds no credentials"},
      {With("ASIAIOSFODNN7EXAMPLE", R"(A\r\nx-evil: 1)"), "an answer that holds no credentials"},
      {With("IQoJb3JpZ2luX2VjEE", std::string(20000, 'a')), "an answer that holds no credentials"},
      {With("2026-11-28T22:10:32Z", "soon"), "an answer whose Expiration is no time"},
      {With("2026-11-28T22:10:32Z", "2026-11-28T21:10:32Z"),
       "credentials that have expired, by this machine's clock"},
  };
  for (const auto& one : cases) {
    const auto said = container::ReadAnswerAt(200, one.body, kNow);
    const auto* const refusal = std::get_if<Refusal>(&said);
    ASSERT_NE(refusal, nullptr) << one.body;
    EXPECT_FALSE(refusal->final);
    EXPECT_EQ(refusal->message, one.message);
  }
}

// ECS's agent says it in JSON, that of EKS in words.
TEST(AwsContainer, TellsWhyItRefuses) {
  struct {
    int status;
    const char* body;
    bool final;
    const char* message;
  } const cases[] = {
      {400, R"({"code":"InvalidIdInRequest","message":"CredentialsV2Request: Credentials not found"})", true,
       "status 400, InvalidIdInRequest: CredentialsV2Request: Credentials not found"},
      {403, R"({"Code":"AccessDenied","Message":"no\nsuch"})", true, "status 403, AccessDenied: no such"},
      {400,
       "[f2f4]: (AccessDeniedException): Unauthorized Exception! EKS does not have permissions to assume the "
       "associated role., fault: client\n",
       true,
       "status 400, AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume "
       "the "
       "associated role., fault: client"},
      // Whatever else stands there may be what was sent.
      {400, "Basic abcd is not known", true, "status 400"},
      {400, "(Basic abcd): no", true, "status 400"},
      {404, "<html>", true, "status 404"},
      {429, "Too Many Requests. rate", false, "status 429"},
      {408, "", false, "status 408"},
      {500, "[f2f4]: (InternalServerException): later, fault: server", false,
       "status 500, InternalServerException: later, fault: server"},
      {302, "", false, "status 302"},
  };
  for (const auto& one : cases) {
    const auto said = container::ReadAnswerAt(one.status, one.body, kNow);
    const auto* const refusal = std::get_if<Refusal>(&said);
    ASSERT_NE(refusal, nullptr);
    EXPECT_EQ(refusal->final, one.final) << one.body;
    EXPECT_EQ(refusal->message, one.message);
  }
}

class Kept final : public Tokens {
 public:
  const Secret* Find(std::string_view name) const override { return name == name_ ? &secret_ : nullptr; }
  void Keep(std::string name, std::string text) {
    name_ = std::move(name);
    secret_ = Secret(std::move(text));
  }

 private:
  std::string name_;
  Secret secret_;
};

class AwsContainerKeyTest : public testing::Test {
 protected:
  AwsContainerKeyTest() {
    provider_.name = "bedrock";
    provider_.options = {{.name = "aws_region", .fallback = "us-east-1"}, {.name = "aws_sts_endpoint"}};
    target_.provider = &provider_;
    target_.base_url = "https://bedrock-runtime.eu-west-1.amazonaws.com";
    target_.api_key = Secret(std::string(kPod));
  }

  Outcome Apply(const Auth& auth = AwsAuth()) {
    headers_.clear();
    const HeaderView headers[] = {{"content-type", "application/json"}};
    const std::string_view body[] = {"{}"};
    return auth.Apply({"POST", target_.base_url, "/model/m/converse", headers, body, kNow, &kept_}, target_,
                      &headers_);
  }

  Provider provider_;
  Target target_;
  Kept kept_;
  std::vector<HeaderField> headers_;
};

TEST_F(AwsContainerKeyTest, RequestsAreSignedWithWhatIsGiven) {
  for (const Auth* auth : {&AwsAuth(), &SageMakerAuth()}) {
    kept_.Keep("", "");
    const Outcome lacking = Apply(*auth);
    const auto* const need = std::get_if<Need>(&lacking);
    ASSERT_NE(need, nullptr);
    EXPECT_EQ(need->url, "http://169.254.170.23/v1/credentials");
    EXPECT_EQ(need->name, auth->TokenName(target_));
    EXPECT_THAT(need->name, Not(HasSubstr("169")));
    kept_.Keep(need->name, "ASIAEXAMPLE:SECRET/2:TOKEN+2=");
    ASSERT_TRUE(std::holds_alternative<Done>(Apply(*auth)));
    ASSERT_FALSE(headers_.empty());
    const bool bedrock = auth == &AwsAuth();
    EXPECT_THAT(headers_.back().value,
                StartsWith(std::string("AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/20261128/") +
                           (bedrock ? "eu-west-1/bedrock/" : "us-east-1/sagemaker/")));
  }
}

TEST_F(AwsContainerKeyTest, AssumesARoleWithWhatItIsGiven) {
  const std::string own = AwsAuth().TokenName(target_);
  target_.options = {{"aws_role_arn", "arn:aws:iam::999999999999:role/other"}};
  const Outcome first = Apply();
  ASSERT_NE(std::get_if<Need>(&first), nullptr);
  EXPECT_EQ(std::get<Need>(first).name, own);
  kept_.Keep(own, "ASIAFIRST:SECRET:TOKEN");
  const Outcome second = Apply();
  const auto* const need = std::get_if<Need>(&second);
  ASSERT_NE(need, nullptr);
  EXPECT_EQ(need->url, "https://sts.eu-west-1.amazonaws.com/");
  EXPECT_THAT(need->body.Reveal(), HasSubstr("999999999999:role%2Fother"));
  EXPECT_EQ(need->name, AwsAuth().TokenName(target_));
}

TEST_F(AwsContainerKeyTest, IsNotForCallersAndToldWhereItIsWrong) {
  const auto refused = [&] {
    const Outcome outcome = Apply();
    const auto* const error = std::get_if<Error>(&outcome);
    EXPECT_TRUE(headers_.empty());
    return error == nullptr ? std::string("none") : error->code + " " + std::to_string(error->http_status);
  };
  kept_.Keep(AwsAuth().TokenName(target_), "ASIAFIRST:SECRET:TOKEN");
  target_.key_from_caller = true;
  EXPECT_EQ(refused(), "invalid_aws_credentials 400");
  target_.key_from_caller = false;
  target_.api_key = Secret("http://169.254.169.254/latest:/etc/passwd");
  EXPECT_EQ(refused(), "invalid_aws_credentials 500");
  EXPECT_THAT(AwsAuth().ProblemOf(target_.api_key.Reveal()), HasSubstr("without TLS"));
  EXPECT_EQ(AwsAuth().ProblemOf(kPod), "");
  target_.options = {{"aws_auth_type", "apiKey"}};
  EXPECT_EQ(refused(), "invalid_option 500");
}

}  // namespace
}  // namespace portolan::providers
