// Which command is meant, and what its arguments are.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/cli/command.h"

namespace portolan::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Words = std::vector<std::string_view>;

struct Parsed {
  std::string command = {};
  Arguments arguments = {};
  std::string problem = {};
};

Parsed Parse(const Words& typed) {
  std::span<const std::string_view> rest;
  const auto command = FindCommand(typed, &rest);
  if (!command.ok()) return {.problem = std::string(command.status().message())};
  auto arguments = ParseArguments(**command, rest);
  Parsed parsed{.command = std::string((*command)->name)};
  if (arguments.ok()) {
    parsed.arguments = *std::move(arguments);
  } else {
    parsed.problem = std::string(arguments.status().message());
  }
  return parsed;
}

TEST(Commands, AreFoundByTheirNames) {
  const std::vector<std::pair<Words, std::string>> cases = {
      {{"serve"}, "serve"},
      {{"check", "f"}, "check"},
      {{"config", "print", "f"}, "config print"},
      {{"config", "schema"}, "config schema"},
      {{"providers"}, "providers"},
  };
  for (const auto& [typed, command] : cases) {
    EXPECT_EQ(Parse(typed).command, command);
    EXPECT_EQ(Parse(typed).problem, "");
  }
}

TEST(Commands, TakeAConfigFile) {
  EXPECT_EQ(Parse({"check", "f.yaml"}).arguments.operand(), "f.yaml");
  EXPECT_FALSE(Parse({"check", "f.yaml"}).arguments.Has("--resolve"));
  EXPECT_TRUE(Parse({"check", "f.yaml", "--resolve"}).arguments.Has("--resolve"));
  EXPECT_TRUE(Parse({"check", "--resolve", "f.yaml"}).arguments.Has("--resolve"));
  EXPECT_EQ(Parse({"check", "--", "--f.yaml"}).arguments.operand(), "--f.yaml");
  const Parsed print = Parse({"config", "print", "--format", "json", "f.yaml"});
  EXPECT_EQ(print.arguments.operand(), "f.yaml");
  EXPECT_EQ(print.arguments.Get("--format"), "json");
  EXPECT_EQ(Parse({"config", "print", "f.yaml", "--format=yaml"}).arguments.Get("--format"), "yaml");
  EXPECT_EQ(Parse({"config", "print", "f.yaml"}).arguments.Get("--format"), "");
}

TEST(Commands, GetTheFlagsOfServeUnread) {
  EXPECT_THAT(Parse({"serve", "--http", ":1", "--", "x"}).arguments.raw,
              ElementsAre("--http", ":1", "--", "x"));
}

TEST(Commands, SayWhatIsWrong) {
  const std::vector<std::pair<Words, std::string>> cases = {
      {{"check"}, "no file; `portolan check FILE` needs one"},
      {{"check", ""}, "unexpected argument ; `portolan check` takes one file"},
      {{"check", "a", "b"}, "unexpected argument b; `portolan check` takes one file"},
      {{"check", "a", "--resolv"},
       "unknown flag --resolv; did you mean --resolve? `portolan check --help` lists them all"},
      {{"check", "a", "--format"},
       "unknown flag --format; did you mean --help? `portolan check --help` lists them all"},
      {{"check", "a", "--resolve=yes"}, "--resolve takes no value"},
      {{"check", "a", "--resolve", "--resolve"}, "--resolve is given twice"},
      {{"config", "print"}, "no file; `portolan config print FILE` needs one"},
      {{"config", "print", "a", "--format"}, "--format needs a value: --format yaml or --format json"},
      {{"config", "print", "a", "--format="}, "--format needs a value: --format yaml or --format json"},
      {{"config", "print", "a", "--format=xml"}, "--format \"xml\": it must be yaml or json"},
      {{"config"},
       "`portolan config print FILE` and `portolan config schema` are what there is; `portolan --help` tells "
       "more"},
      {{"config", "schema", "f"}, "unexpected argument f; `portolan config schema` takes none"},
      {{"providers", "x"}, "unexpected argument x; `portolan providers` takes flags only"},
      {{"providers", "--markdwon"},
       "unknown flag --markdwon; did you mean --markdown? `portolan providers --help` lists them all"},
  };
  for (const auto& [typed, problem] : cases) EXPECT_EQ(Parse(typed).problem, problem);
}

TEST(Commands, SuggestTheNearest) {
  EXPECT_EQ(Parse({"sevre"}).problem,
            "unknown command sevre; did you mean `portolan serve`? `portolan --help` tells more");
  EXPECT_THAT(Parse({"chekc"}).problem, HasSubstr("did you mean `portolan check`?"));
  EXPECT_THAT(Parse({"provider"}).problem, HasSubstr("did you mean `portolan providers`?"));
  EXPECT_THAT(Parse({"conf"}).problem, HasSubstr("did you mean `portolan config`?"));
  EXPECT_EQ(Parse({"--http", ":1"}).problem,
            "unknown command --http; `portolan serve` starts the gateway, `portolan --help` tells more");
  // A word of any length costs no more than its first characters.
  EXPECT_LT(Parse({std::string(100'000, 'x')}).problem.size(), 200u);
}

}  // namespace
}  // namespace portolan::cli
