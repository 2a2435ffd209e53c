// `portolan init`.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/cli/command_run.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string TextOf(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Whatever keys there are, the file is one that a gateway takes.
TEST(Init, WritesAFileThatIsGood) {
  const std::vector<Variables> environments = {
      {},
      {{"OPENAI_API_KEY", "hush-1"}},
      {{"ANTHROPIC_API_KEY", "hush-2"}, {"MISTRAL_API_KEY", "hush-3"}},
      {{"AWS_ACCESS_KEY_ID", "hush-4"}, {"AWS_SECRET_ACCESS_KEY", "hush-5"}},
      {{"OPENAI_API_KEY", "hush-6"}, {"AWS_ACCESS_KEY_ID", "hush-7"}, {"AWS_SECRET_ACCESS_KEY", "hush-8"}},
  };
  for (const Variables& variables : environments) {
    const TempFolder folder;
    const std::string path = folder.path() + "/gateway.yaml";
    const CommandRun init = RunPortolan({"init", "--output", path}, variables);
    ASSERT_EQ(init.exit_status, 0) << init.err;
    EXPECT_EQ(init.out, path + "\n");
    const std::string text = TextOf(path);
    EXPECT_THAT(text + init.err, Not(HasSubstr("hush")));
    for (const auto& [variable, value] : variables) EXPECT_THAT(text, HasSubstr(variable));
    const CommandRun check = RunPortolan({"check", path, "--resolve"}, variables);
    EXPECT_EQ(check.exit_status, 0) << check.err << text;
    EXPECT_EQ(check.err, "");
    GatewayFixture::FromFile(path, {variables.begin(), variables.end()});
    // Also when what is in comments is put to use.
    std::string uncommented;
    std::istringstream lines(text.substr(text.find("# callers:")));
    for (std::string line; std::getline(lines, line);) {
      const bool is_yaml = line.starts_with("#   ") || line == "# callers:" || line == "# routes:" ||
                           line == "# aliases:" || line == "# timeouts:" || line == "# providers:";
      uncommented += (is_yaml ? line.substr(2) : line) + "\n";
    }
    const std::string all = folder.path() + "/all.yaml";
    std::ofstream(all) << uncommented;
    const CommandRun check_all = RunPortolan({"check", all});
    EXPECT_EQ(check_all.exit_status, 0) << check_all.err << uncommented;
    EXPECT_THAT(check_all.out, HasSubstr("1 caller, "));
    EXPECT_THAT(check_all.out, HasSubstr("1 route, 1 alias"));
  }
}

TEST(Init, SaysWhichKeysItFound) {
  const TempFolder folder;
  const CommandRun run = RunPortolan({"init", "--output", "-"},
                                     {{"ANTHROPIC_API_KEY", "hush"}, {"OPENAI_API_KEY", "hush hush"}});
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_THAT(run.out, AllOf(HasSubstr("  anthropic: {api_key: \"env:ANTHROPIC_API_KEY\"}\n"),
                             HasSubstr("  openai: {api_key: \"env:OPENAI_API_KEY\"}\n")));
  EXPECT_THAT(run.err, HasSubstr("portolan: anthropic: key in ANTHROPIC_API_KEY\n"));
  EXPECT_THAT(run.err,
              HasSubstr("portolan: openai: key in OPENAI_API_KEY, but it is no good: OPENAI_API_KEY"));
  EXPECT_THAT(run.err, Not(HasSubstr("hush")));
  EXPECT_THAT(RunPortolan({"init", "--output", "-"}).err,
              HasSubstr("no provider's key is in the environment"));
}

TEST(Init, LeavesAFileThatExistsAlone) {
  const TempFolder folder;
  const std::string path = folder.path() + "/gateway.yaml";
  std::ofstream(path) << "mine\n";
  const CommandRun run = RunPortolan({"init", "--output", path});
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_EQ(run.err, "portolan: " + path + " exists already; --output names another file\n");
  EXPECT_EQ(TextOf(path), "mine\n");
  const CommandRun nowhere = RunPortolan({"init", "--output", folder.path() + "/none/x.yaml"});
  EXPECT_EQ(nowhere.exit_status, 1);
  EXPECT_THAT(nowhere.err, HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace portolan::test
