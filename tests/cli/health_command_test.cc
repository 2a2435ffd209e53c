// `portolan health`, and what all commands have in common.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/cli/command_run.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Health, SaysThatAGatewayIsReady) {
  GatewayFixture gateway;
  const std::string admin = gateway.admin_address();
  const std::string expected = "ready: http://" + admin + "\n";
  const std::vector<CommandRun> runs = {
      RunPortolan({"health", "--admin", admin}),
      RunPortolan({"health", "--admin=http://" + admin}),
      RunPortolan({"health"}, {{"PORTOLAN_ADMIN", admin}}),
  };
  for (const CommandRun& run : runs) {
    EXPECT_EQ(run.exit_status, 0) << run.err;
    EXPECT_EQ(run.out, expected);
    EXPECT_EQ(run.err, "");
  }
}

TEST(Health, FindsTheListenerInTheConfigFile) {
  GatewayFixture gateway;
  const std::string admin = gateway.admin_address();
  const TempFolder folder;
  const std::string path = folder.path() + "/portolan.yaml";
  // Keys are not looked up, and a listener on all addresses is on this machine too.
  std::ofstream(path) << "listen: {admin: 0.0.0.0" << admin.substr(admin.find(':'))
                      << "}\nproviders: {openai: {api_key: env:NOWHERE}}\n";
  for (const CommandRun& run :
       {RunPortolan({"health", "--config", path}), RunPortolan({"health"}, {{"PORTOLAN_CONFIG", path}})}) {
    EXPECT_EQ(run.exit_status, 0) << run.err;
    EXPECT_EQ(run.out, "ready: http://" + admin + "\n");
  }
  // As for `portolan serve`, a variable beats the file.
  EXPECT_EQ(RunPortolan({"health", "--config", path}, {{"PORTOLAN_ADMIN", "127.0.0.1:1"}}).exit_status, 1);
  std::ofstream(path) << "listne: {}\n";
  const CommandRun bad = RunPortolan({"health", "--config", path});
  EXPECT_EQ(bad.exit_status, 1);
  EXPECT_THAT(bad.err, HasSubstr(path + ":1:1: listne: there is no such key; did you mean \"listen\"?"));
}

TEST(Health, SaysWhyAGatewayIsNotReady) {
  FakeUpstream admin([](const SeenRequest& request) {
    EXPECT_EQ(request.method + " " + request.target, "GET /readyz");
    return RespondJson(503, R"({"status":"draining"})");
  });
  const CommandRun draining = RunPortolan({"health", "--admin", admin.url()});
  EXPECT_EQ(draining.exit_status, 1);
  EXPECT_EQ(draining.out, "");
  EXPECT_EQ(draining.err, "portolan: not ready: " + admin.url() +
                              "/readyz answers with status 503: {\"status\":\"draining\"}\n");
  admin.Stop();
  const CommandRun refused = RunPortolan({"health", "--admin", admin.url()});
  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_THAT(refused.err, StartsWith("portolan: not ready: "));
  EXPECT_THAT(refused.err, HasSubstr(admin.host_port()));
}

TEST(Health, WaitsNoLongerThanTold) {
  FakeUpstream silent([](const SeenRequest&) { return Script().Stall(); });
  const CommandRun run = RunPortolan({"health", "--admin", silent.url(), "--timeout", "50ms"});
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_THAT(run.err, StartsWith("portolan: not ready: "));
  EXPECT_TRUE(silent.WaitForClientToLeave(1));
}

TEST(Health, TakesNoNonsense) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"health", "--timeout", "soon"},
                                                    {"health", "--timeout=0s"},
                                                    {"health", "now"},
                                                    {"health", "--admin", "ftp://x"},
                                                    {"health", "--admin", "a b:1"}}) {
    const CommandRun run = RunPortolan(arguments);
    EXPECT_EQ(run.exit_status, 2) << arguments.back();
    EXPECT_THAT(run.err, StartsWith("portolan: "));
  }
}

TEST(Commands, HelpInTheRealBinary) {
  const CommandRun help = RunPortolan({"health", "--help"});
  EXPECT_EQ(help.exit_status, 0);
  EXPECT_THAT(help.out, StartsWith("usage: portolan health"));
  EXPECT_EQ(RunPortolan({"help", "health"}).out, help.out);
  EXPECT_THAT(RunPortolan({"config", "--help"}).out, HasSubstr("usage: portolan config schema"));
  EXPECT_EQ(RunPortolan({"--version"}).out, std::string("portolan ") + PORTOLAN_VERSION + "\n");
  const CommandRun wrong = RunPortolan({"heatlh"});
  EXPECT_EQ(wrong.exit_status, 2);
  EXPECT_EQ(wrong.out, "");
  EXPECT_EQ(wrong.err,
            "portolan: unknown command heatlh; did you mean `portolan health`? `portolan --help` tells "
            "more\n");
  EXPECT_EQ(RunPortolan({}).exit_status, 2);
  EXPECT_EQ(RunPortolan({"serve", "--htpp", ":1"}).exit_status, 2);
}

}  // namespace
}  // namespace portolan::test
