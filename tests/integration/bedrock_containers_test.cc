// Credentials that an agent beside the container hands out, as EKS Pod Identity and ECS do: by the variables
// that they set. Roles that keys and web identities assume: bedrock_roles_test.cc. Answers are those of AWS's
// documentation of ECS's agent and of the handler of EKS's.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

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

using Variables = std::map<std::string, std::string>;

// What the Nth request is given.
AwsAccount Account(int n) {
  const std::string number = std::to_string(n);
  return {"ASIAPOD" + number, "PODSECRET/" + number, "PODTOKEN+" + number + "==", "eu-west-1"};
}

Script Given(const AwsAccount& account) {
  return RespondJson(200, json{{"AccessKeyId", account.key_id},
                               {"SecretAccessKey", account.secret},
                               {"Token", account.session_token},
                               {"AccountId", "123456789012"},
                               {"Expiration", "2099-11-29T13:34:41.25Z"}}
                              .dump());
}

Script Hello(const SeenRequest&) {
  return RespondJson(
      200,
      R"({"output":{"message":{"role":"assistant","content":[{"text":"Hello"}]}},"stopReason":"end_turn",)"
      R"("usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5}})");
}

// The models' host refuses the first credentials, after which others are fetched.
Script RefusesTheFirst(const SeenRequest& request) {
  if (request.Header("authorization").find("ASIAPOD1/") == std::string::npos) return Hello(request);
  return Respond(403, R"({"message":"The security token included in the request is expired"})",
                 {{"x-amzn-errortype", "ExpiredTokenException:http://internal.amazon.com/coral/"}});
}

// A gateway whose environment has variables of AWS, which may name the agent as `{agent}`, the folder as
// `{folder}`.
class PodLab {
 public:
  explicit PodLab(Variables variables, FakeUpstream::Handler agent = {}, FakeUpstream::Handler models = Hello)
      : agent_(agent ? std::move(agent) : [this](const SeenRequest&) { return Given(Account(++given_)); }),
        models_(std::move(models)) {
    for (auto& [name, value] : variables) {
      Fill("{agent}", agent_.url(), &value);
      Fill("{folder}", folder_.path(), &value);
    }
    variables["AWS_REGION"] = "eu-west-1";
    providers::Catalog catalog = providers::BuiltInCatalog();
    for (providers::Provider& provider : catalog.providers) {
      if (provider.name == "bedrock") provider.base_url = models_.url();
    }
    gateway_.reset(new GatewayFixture({}, variables, catalog));
  }

  void WriteToken(const std::string& text) const {
    std::ofstream(folder_.path() + "/token", std::ios::trunc) << text;
  }

  TestAnswer Ask(Headers headers = {}) const {
    headers.emplace_back("x-portolan-provider", "bedrock");
    return TestClient(gateway_->http_address())
        .Post("/v1/chat/completions",
              R"({"model":"amazon.nova-lite-v1:0","messages":[{"role":"user","content":"hi"}]})", headers);
  }

  std::vector<SeenRequest> agent() const { return agent_.requests(); }
  std::vector<SeenRequest> models() const { return models_.requests(); }

 private:
  static void Fill(std::string_view name, const std::string& value, std::string* text) {
    const size_t at = text->find(name);
    if (at != std::string::npos) text->replace(at, name.size(), value);
  }

  std::atomic<int> given_{0};
  const TempFolder folder_;
  FakeUpstream agent_;
  FakeUpstream models_;
  std::unique_ptr<GatewayFixture> gateway_;
};

json ErrorOf(const TestAnswer& answer) { return json::parse(answer.body)["error"]; }

TEST(BedrockContainers, OfEksAreKnownByWhatTheirFileHoldsNow) {
  const PodLab lab(Variables{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "{agent}/v1/credentials"},
                             {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "{folder}/token"},
                             {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "is-not-asked-for"}},
                   {}, RefusesTheFirst);
  lab.WriteToken("eyJ.first.x\n");
  EXPECT_EQ(lab.Ask().status, 403);
  lab.WriteToken("eyJ.second.x");
  for (int i = 0; i < 2; ++i) {
    const TestAnswer answer = lab.Ask();
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(WrongWithSignature(lab.models().back(), Account(2)), "");
  }
  ASSERT_EQ(lab.agent().size(), 2u);
  for (const SeenRequest& seen : lab.agent()) {
    EXPECT_EQ(seen.method, "GET");
    EXPECT_EQ(seen.target, "/v1/credentials");
    EXPECT_EQ(seen.body, "");
    EXPECT_EQ(seen.CountHeader("authorization"), 1);
    EXPECT_EQ(seen.CountHeader("accept"), 1);
  }
  EXPECT_EQ(lab.agent()[0].Header("authorization"), "eyJ.first.x");
  EXPECT_EQ(lab.agent()[1].Header("authorization"), "eyJ.second.x");
  EXPECT_THAT(lab.models().back().raw_head, Not(HasSubstr("eyJ")));
}

TEST(BedrockContainers, WithATokenOfTheEnvironmentOrNone) {
  const PodLab token(Variables{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "{agent}/get-credentials?a=b"},
                               {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abcd"}});
  EXPECT_EQ(token.Ask().status, 200);
  ASSERT_EQ(token.agent().size(), 1u);
  EXPECT_EQ(token.agent()[0].target, "/get-credentials?a=b");
  EXPECT_EQ(token.agent()[0].Header("authorization"), "Basic abcd");
  const PodLab none(Variables{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "{agent}"}});
  EXPECT_EQ(none.Ask().status, 200);
  ASSERT_EQ(none.agent().size(), 1u);
  EXPECT_EQ(none.agent()[0].target, "/");
  EXPECT_EQ(none.agent()[0].CountHeader("authorization"), 0);
}

// The order of AWS's own clients: keys, web identities, containers.
TEST(BedrockContainers, AreAskedAfterEverythingElse) {
  const PodLab lab(Variables{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "{agent}/c"},
                             {"AWS_ACCESS_KEY_ID", Account(7).key_id},
                             {"AWS_SECRET_ACCESS_KEY", Account(7).secret},
                             {"AWS_SESSION_TOKEN", Account(7).session_token}});
  EXPECT_EQ(lab.Ask().status, 200);
  EXPECT_TRUE(lab.agent().empty());
  EXPECT_EQ(WrongWithSignature(lab.models().back(), Account(7)), "");
  const PodLab identity(Variables{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "{agent}/c"},
                                  {"AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pod"},
                                  {"AWS_WEB_IDENTITY_TOKEN_FILE", "{folder}/none"}});
  EXPECT_THAT(identity.Ask().body, HasSubstr("No such file"));
  EXPECT_TRUE(identity.agent().empty());
}

TEST(BedrockContainers, WhyTheyGetNoneIsTold) {
  const PodLab refused(
      Variables{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "{agent}/c"}}, [](const SeenRequest&) {
        return Respond(400, "[f2f4]: (AccessDeniedException): Unauthorized Exception!, fault: client",
                       {{"Content-Type", "text/plain; charset=utf-8"}});
      });
  const TestAnswer answer = refused.Ask();
  EXPECT_EQ(answer.status, 401) << answer.body;
  EXPECT_EQ(ErrorOf(answer)["code"], "token_refused");
  EXPECT_THAT(answer.body, HasSubstr("status 400, AccessDeniedException: Unauthorized Exception!"));
  EXPECT_TRUE(refused.models().empty());
  // A file that holds something else than a header does not go.
  const PodLab odd(Variables{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "{agent}/c"},
                             {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "{folder}/token"}});
  odd.WriteToken("secret\r\nx-evil: 1");
  const TestAnswer none = odd.Ask();
  EXPECT_EQ(none.status, 502) << none.body;
  EXPECT_EQ(ErrorOf(none)["code"], "token_unavailable");
  EXPECT_THAT(none.body, HasSubstr("one line of visible ASCII"));
  EXPECT_THAT(none.body, Not(HasSubstr("secret")));
  EXPECT_TRUE(odd.agent().empty());
}

TEST(BedrockContainers, AreNotForCallersToName) {
  const PodLab lab(Variables{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "{agent}/c"}});
  for (const char* key : {"http://127.0.0.1:1/c:/etc/hostname", "/v2/credentials/x"}) {
    const TestAnswer theirs =
        lab.Ask({{"x-portolan-config", R"({"provider":"bedrock","api_key":")" + std::string(key) + "\"}"}});
    EXPECT_EQ(theirs.status, 400) << theirs.body;
    EXPECT_EQ(ErrorOf(theirs)["code"], "invalid_aws_credentials");
  }
  EXPECT_TRUE(lab.agent().empty());
  EXPECT_TRUE(lab.models().empty());
}

}  // namespace
}  // namespace portolan::test
