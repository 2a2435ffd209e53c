#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "server/cli/command.h"
#include "server/config/flags.h"

namespace portolan::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// The text with one blank for every run of blanks and line ends.
std::string Unbroken(const std::string& text) {
  std::string unbroken;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n';
    if (!space || unbroken.empty() || unbroken.back() != ' ') unbroken.push_back(space ? ' ' : c);
  }
  return unbroken;
}

void ExpectGoodLines(const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    ASSERT_NE(end, std::string::npos) << "ends without a line feed";
    EXPECT_LE(end - at, 120u) << text.substr(at, end - at);
    EXPECT_TRUE(end == at || text[end - 1] != ' ') << text.substr(at, end - at);
    at = end + 1;
  }
}

TEST(Help, ShowsEverySettingWithItsDefaultAndVariable) {
  const std::string help = CommandHelpText(Commands().front());
  for (const config::Setting& setting : config::Settings()) {
    for (const std::string_view text :
         {setting.flag, setting.variable, setting.other_variable, setting.value_name}) {
      EXPECT_THAT(help, HasSubstr(std::string(text)));
    }
    if (setting.default_text.empty()) continue;
    EXPECT_THAT(help, HasSubstr("default " + std::string(setting.default_text)));
  }
}

TEST(Help, OfEveryCommandHasItsFlagsAndAnExample) {
  for (const Command& command : Commands()) {
    const std::string help = CommandHelpText(command);
    ExpectGoodLines(help);
    EXPECT_THAT(help, HasSubstr("usage: portolan " + std::string(command.name)));
    EXPECT_THAT(help, HasSubstr("\nexample:\n  "));
    EXPECT_THAT(std::string(command.example), HasSubstr("portolan " + std::string(command.name)));
    for (const Flag& flag : command.flags)
      EXPECT_THAT(Unbroken(help), HasSubstr(" " + std::string(flag.help)));
  }
}

TEST(Help, ListsEveryCommand) {
  const std::string help = HelpText();
  ExpectGoodLines(help);
  EXPECT_THAT(help, AllOf(HasSubstr("portolan serve"), HasSubstr("--help"), HasSubstr("--version")));
  for (const char* text : {"portolan check FILE", "--resolve", "portolan config print FILE", "--format",
                           "portolan config schema", "portolan providers", "--markdown"}) {
    EXPECT_THAT(help, HasSubstr(text));
  }
  for (const Command& command : Commands()) EXPECT_THAT(help, HasSubstr(std::string(command.summary)));
  EXPECT_EQ(VersionText(), std::string("portolan ") + PORTOLAN_VERSION + "\n");
}

TEST(Documentation, TellsOfEveryCommandAndFlag) {
  std::ifstream file("docs/cli.md");
  ASSERT_TRUE(file) << "run from the project's root";
  std::stringstream text;
  text << file.rdbuf();
  const std::string page = text.str();
  for (const Command& command : Commands()) {
    const std::string heading = "\n## portolan " + std::string(command.name) + "\n";
    const size_t begin = page.find(heading);
    ASSERT_NE(begin, std::string::npos) << heading;
    const std::string section = page.substr(begin, page.find("\n## ", begin + 1) - begin);
    for (const Flag& flag : command.flags)
      EXPECT_THAT(section, HasSubstr("`" + std::string(flag.name))) << command.name;
  }
}

}  // namespace
}  // namespace portolan::cli
