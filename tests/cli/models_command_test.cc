// `portolan models`, by way of a gateway that runs and of one in the process.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/cli/command_run.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// https://platform.openai.com/docs/api-reference/models/list
constexpr char kList[] = R"({"object": "list", "data": [
  {"id": "model-id-0", "object": "model", "created": 1686935002, "owned_by": "organization-owner"},
  {"id": "model-id-1", "object": "model", "created": 1686935002, "owned_by": "organization-owner"}]})";

FakeUpstream::Handler ListsModels() {
  return [](const SeenRequest& request) {
    EXPECT_EQ(request.method + " " + request.target, "GET /v1/models");
    EXPECT_EQ(request.Header("authorization"), "Bearer sk-lab");
    return RespondJson(200, kList);
  };
}

std::string ConfigFor(const TempFolder& folder, const FakeUpstream& upstream) {
  const std::string path = folder.path() + "/portolan.yaml";
  std::ofstream(path) << "callers: {keys: [{name: me, key: \"env:CALLER\"}]}\n"
                      << "providers: {lab: {base_url: \"" << upstream.url()
                      << "/v1\", api_key: \"env:LAB_KEY\"}}\n"
                      << "routes: {r: {provider: lab, override_params: {model: m}}}\naliases: {fast: r}\n";
  return path;
}

TEST(Models, AreListedByAGatewayInTheProcess) {
  FakeUpstream upstream(ListsModels());
  const TempFolder folder;
  const std::string path = ConfigFor(folder, upstream);
  // Doors that the operator has elsewhere, and who may call there, make no difference.
  const Variables variables = {{"LAB_KEY", "sk-lab"},
                               {"CALLER", "k"},
                               {"PORTOLAN_HTTP", ":1"},
                               {"PORTOLAN_TLS_CERT", "/none"},
                               {"OPENAI_API_KEY", "sk-hush"}};
  const CommandRun run = RunPortolan({"models", "lab", "--config", path}, variables);
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_EQ(run.out, "lab/model-id-0\nlab/model-id-1\n");
  EXPECT_EQ(run.err, "");
  const CommandRun own = RunPortolan({"models", "--config", path}, variables);
  EXPECT_EQ(own.exit_status, 0) << own.err;
  EXPECT_THAT(own.out, AllOf(HasSubstr("fast\n"), HasSubstr("echo/echo\n")));
  EXPECT_THAT(own.err, AllOf(HasSubstr("There are keys for: openai; `portolan models openai`"),
                             Not(HasSubstr("hush"))));
  // By the file that the environment names.
  Variables named = variables;
  named.emplace_back("PORTOLAN_CONFIG", path);
  EXPECT_EQ(RunPortolan({"models", "lab"}, named).out, run.out);
}

TEST(Models, AreListedByAGatewayThatRuns) {
  FakeUpstream upstream(ListsModels());
  const TempFolder folder;
  GatewayFixture gateway = GatewayFixture::FromFile(ConfigFor(folder, upstream),
                                                    {{"LAB_KEY", "sk-lab"}, {"CALLER", "caller-key"}});
  const std::string url = "http://" + gateway.http_address();
  const std::vector<std::pair<std::vector<std::string>, Variables>> ways = {
      {{"models", "lab", "--url", url}, {{"PORTOLAN_KEY", "caller-key"}}},
      {{"models", "lab", "--url", url + "/v1/"}, {{"PORTOLAN_KEY", "caller-key"}}},
      {{"models", "lab", "--url", gateway.http_address()}, {{"PORTOLAN_KEY", "caller-key"}}},
      {{"models", "lab"},
       {{"PORTOLAN_KEY", "caller-key"}, {"PORTOLAN_URL", url}, {"http_proxy", "http://127.0.0.1:1"}}},
  };
  for (const auto& [arguments, variables] : ways) {
    const CommandRun run = RunPortolan(arguments, variables);
    EXPECT_EQ(run.exit_status, 0) << run.err;
    EXPECT_EQ(run.out, "lab/model-id-0\nlab/model-id-1\n");
  }
  const CommandRun json =
      RunPortolan({"models", "lab", "--json", "--url", url}, {{"PORTOLAN_KEY", "caller-key"}});
  EXPECT_EQ(json.out, std::string(kList) + "\n");
  const CommandRun stranger = RunPortolan({"models", "--url", url});
  EXPECT_EQ(stranger.exit_status, 1);
  EXPECT_THAT(stranger.err, HasSubstr("(status 401)\n"));
}

TEST(Models, SaysWhyThereAreNone) {
  FakeUpstream upstream([](const SeenRequest&) {
    return RespondJson(500, R"({"error":{"message":"out of\u001b[31m order","type":"server_error"}})");
  });
  const CommandRun error = RunPortolan({"models", "--url", upstream.url()});
  EXPECT_EQ(error.exit_status, 1);
  EXPECT_EQ(error.err, "portolan: out of [31m order (status 500)\n");
  upstream.Stop();
  const CommandRun refused = RunPortolan({"models", "--url", upstream.url()});
  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_THAT(refused.err, HasSubstr(upstream.host_port()));
  FakeUpstream strange([](const SeenRequest&) { return Respond(200, "<html>"); });
  EXPECT_EQ(RunPortolan({"models", "--url", strange.url()}).err,
            "portolan: the answer is no list of models: <html>\n");
  const CommandRun nobody = RunPortolan({"models", "opnai"});
  EXPECT_EQ(nobody.exit_status, 1);
  EXPECT_THAT(nobody.err, HasSubstr("did you mean \"openai\"?"));
  const CommandRun both = RunPortolan({"models", "--url", "x", "--config", "y"});
  EXPECT_EQ(both.exit_status, 2);
  EXPECT_THAT(both.err, StartsWith("portolan: --config sets up"));
  EXPECT_EQ(RunPortolan({"models", "--config", "/none.yaml"}).exit_status, 1);
}

}  // namespace
}  // namespace portolan::test
