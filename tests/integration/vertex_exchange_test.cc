// Credentials of Google Cloud whose own token is exchanged for another: of workloads elsewhere (workload
// identity federation, google.aip.dev/auth/4117), and of those who impersonate a service account.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <ctime>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/integration/support/vertex_testing.h"
#include "tests/support/service_account.h"

namespace portolan::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kImpersonation[] =
    "/v1/projects/-/serviceAccounts/s@p-1.iam.gserviceaccount.com:generateAccessToken";

bool IsImpersonation(const SeenRequest& request) { return request.target == kImpersonation; }

// RFC 3339, an hour from now.
std::string InAnHour() {
  const std::time_t then = std::time(nullptr) + 3600;
  std::tm parts = {};
  gmtime_r(&then, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

// Both services of Google's, counting what they give: `own-N` for whatever is asked first, `lent-N` to who
// brings such a one.
FakeUpstream::Handler Exchange() {
  auto own = std::make_shared<std::atomic<int>>(0);
  auto lent = std::make_shared<std::atomic<int>>(0);
  return [own, lent](const SeenRequest& request) {
    if (!IsImpersonation(request)) {
      return RespondJson(200, json{{"access_token", "own-" + std::to_string(++*own)},
                                   {"issued_token_type", "urn:ietf:params:oauth:token-type:access_token"},
                                   {"token_type", "Bearer"},
                                   {"expires_in", 3599}}
                                  .dump());
    }
    if (!request.Header("authorization").starts_with("Bearer own-")) return RespondJson(401, "{}");
    return RespondJson(
        200, json{{"accessToken", "lent-" + std::to_string(++*lent)}, {"expireTime", InAnHour()}}.dump());
  };
}

json Workload() {
  return {
      {"type", "external_account"},
      {"audience", "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k"},
      {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
      {"token_url", "http://{tokens}/v1/token"},
      {"credential_source", {{"file", "{folder}/token"}}}};
}

VertexLab LabOf(const json& credentials, FakeUpstream::Handler tokens = Exchange(),
                FakeUpstream::Handler models = AnsweringAsVertex) {
  return VertexLab(std::move(tokens), std::move(models), "env:CREDENTIALS",
                   {{"CREDENTIALS", credentials.dump()}, {"GOOGLE_CLOUD_PROJECT", "p-1"}});
}

// Kubelet renews the file.
TEST(VertexExchange, AWorkloadsTokenIsWhatItsFileHoldsNow) {
  VertexLab lab = LabOf(Workload(), Exchange(),
                        [](const SeenRequest& request) { return AnsweringToToken(request, "own-2"); });
  std::ofstream(lab.file("token")) << "eyJ.first/one\n";
  EXPECT_EQ(AskVertex(lab.gateway()).status, 401);
  std::ofstream(lab.file("token"), std::ios::trunc) << "eyJ.second";
  EXPECT_EQ(AskVertex(lab.gateway()).status, 200);
  EXPECT_EQ(AskVertex(lab.gateway()).status, 200);
  ASSERT_EQ(lab.tokens().requests().size(), 2u);
  const SeenRequest seen = lab.tokens().requests()[0];
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/v1/token");
  EXPECT_EQ(seen.Header("content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(seen.CountHeader("authorization"), 0);
  EXPECT_EQ(FormValue(seen.body, "grant_type"), "urn:ietf:params:oauth:grant-type:token-exchange");
  EXPECT_EQ(FormValue(seen.body, "subject_token"), "eyJ.first/one");
  EXPECT_EQ(FormValue(lab.tokens().requests()[1].body, "subject_token"), "eyJ.second");
}

TEST(VertexExchange, AServiceAccountIsImpersonatedWithIt) {
  json workload = Workload();
  workload["service_account_impersonation_url"] = std::string("http://{tokens}") + kImpersonation;
  VertexLab lab = LabOf(workload);
  std::ofstream(lab.file("token")) << "eyJ.t";
  for (int i = 0; i < 3; ++i) {
    const TestAnswer answer = AskVertex(lab.gateway());
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(lab.models().requests().back().Header("authorization"), "Bearer lent-1");
  }
  ASSERT_EQ(lab.tokens().requests().size(), 2u);
  const SeenRequest seen = lab.tokens().requests()[1];
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, kImpersonation);
  EXPECT_EQ(seen.Header("authorization"), "Bearer own-1");
  EXPECT_EQ(seen.Header("content-type"), "application/json");
  EXPECT_EQ(
      json::parse(seen.body),
      json::parse(R"({"scope":["https://www.googleapis.com/auth/cloud-platform"],"lifetime":"3600s"})"));
}

// What the provider refuses is exchanged anew, with the token that there is.
TEST(VertexExchange, ARefusedOneIsExchangedAgain) {
  json workload = Workload();
  workload["service_account_impersonation_url"] = std::string("http://{tokens}") + kImpersonation;
  VertexLab lab = LabOf(workload, Exchange(),
                        [](const SeenRequest& request) { return AnsweringToToken(request, "lent-2"); });
  std::ofstream(lab.file("token")) << "eyJ.t";
  EXPECT_EQ(AskVertex(lab.gateway()).status, 401);
  EXPECT_EQ(AskVertex(lab.gateway()).status, 200);
  ASSERT_EQ(lab.tokens().requests().size(), 3u);
  EXPECT_EQ(lab.tokens().requests()[2].Header("authorization"), "Bearer own-1");
}

// As `gcloud auth application-default login --impersonate-service-account` writes it.
TEST(VertexExchange, AUserMayImpersonateToo) {
  VertexLab lab =
      LabOf({{"type", "impersonated_service_account"},
             {"service_account_impersonation_url", std::string("http://{tokens}") + kImpersonation},
             {"delegates", {"d@p-1.iam.gserviceaccount.com"}},
             {"source_credentials",
              {{"type", "authorized_user"},
               {"token_uri", "http://{tokens}/token"},
               {"client_id", "c"},
               {"client_secret", "SECRETPART"},
               {"refresh_token", "r"}}}});
  ASSERT_EQ(AskVertex(lab.gateway()).status, 200);
  EXPECT_EQ(lab.models().requests().back().Header("authorization"), "Bearer lent-1");
  ASSERT_EQ(lab.tokens().requests().size(), 2u);
  EXPECT_EQ(FormValue(lab.tokens().requests()[0].body, "grant_type"), "refresh_token");
  EXPECT_EQ(json::parse(lab.tokens().requests()[1].body)["delegates"],
            json::parse(R"(["d@p-1.iam.gserviceaccount.com"])"));
}

TEST(VertexExchange, WhyThereIsNoneIsTold) {
  json workload = Workload();
  workload["service_account_impersonation_url"] = std::string("http://{tokens}") + kImpersonation;
  {
    VertexLab lab = LabOf(workload, [](const SeenRequest& request) {
      return IsImpersonation(request)
                 ? RespondJson(403, R"({"error":{"code":403,"message":"Permission denied.","status":)"
                                    R"("PERMISSION_DENIED"}})")
                 : Exchange()(request);
    });
    std::ofstream(lab.file("token")) << "SECRETPART";
    const TestAnswer refused = AskVertex(lab.gateway());
    EXPECT_EQ(refused.status, 401) << refused.body;
    EXPECT_EQ(CodeOf(refused), "token_refused");
    EXPECT_THAT(refused.body, HasSubstr("PERMISSION_DENIED: Permission denied."));
    EXPECT_THAT(refused.body, Not(HasSubstr("SECRETPART")));
    EXPECT_TRUE(lab.models().requests().empty());
  }
  VertexLab lab = LabOf(workload);
  const TestAnswer missing = AskVertex(lab.gateway());
  EXPECT_EQ(missing.status, 502) << missing.body;
  EXPECT_EQ(CodeOf(missing), "token_unavailable");
  EXPECT_TRUE(lab.tokens().requests().empty());
}

TEST(VertexExchange, CallersNameNoFilesOfTheGateways) {
  VertexLab lab = LabOf(Workload());
  json theirs = Workload();
  theirs["token_url"] = "http://" + lab.tokens().host_port() + "/v1/token";
  theirs["credential_source"]["file"] = "/etc/hostname";
  const TestAnswer answer =
      TestClient(lab.gateway().http_address())
          .Post("/v1/chat/completions",
                R"({"model":"gemini-2.5-flash","messages":[{"role":"user","content":"hi"}]})",
                {{"x-portolan-provider", "vertex-ai"},
                 {"x-portolan-vertex-service-account-json", theirs.dump()}});
  EXPECT_EQ(answer.status, 400) << answer.body;
  EXPECT_EQ(CodeOf(answer), "invalid_service_account");
  EXPECT_THAT(answer.body, HasSubstr("only the gateway's operator"));
  EXPECT_TRUE(lab.tokens().requests().empty());
}

}  // namespace
}  // namespace portolan::test
