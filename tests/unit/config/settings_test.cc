// The table of settings against itself and against docs/configuration.md.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "server/config/flags.h"
#include "tests/unit/config/fake_environment.h"

namespace portolan::config {
namespace {

std::string Documentation() {
  std::ifstream file("docs/configuration.md");
  EXPECT_TRUE(file) << "run from the project's root";
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The cells of the tables of settings: rows whose head is
// `flag | variable | key in the file | default | meaning`.
std::vector<std::vector<std::string>> DocumentedRows() {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(Documentation());
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("| flag |")) {
      inside = true;
      std::getline(lines, line);  // the rule below the head
      continue;
    }
    inside = inside && line.starts_with("|");
    if (!inside) continue;
    std::vector<std::string> cells;
    for (size_t at = 1; at < line.size();) {
      const size_t end = line.find('|', at);
      std::string cell = line.substr(at, end - at);
      cell.erase(0, cell.find_first_not_of(' '));
      cell.erase(cell.find_last_not_of(' ') + 1);
      cells.push_back(cell);
      at = end + 1;
    }
    rows.push_back(cells);
  }
  return rows;
}

std::string Code(std::string_view text) { return text.empty() ? "" : "`" + std::string(text) + "`"; }

TEST(Documentation, ListsEverySettingWithItsDefaultAndNoOthers) {
  std::set<std::vector<std::string>> documented;
  for (const std::vector<std::string>& row : DocumentedRows()) {
    ASSERT_EQ(row.size(), 5u);
    EXPECT_FALSE(row[4].empty()) << row[0] << row[1] << " is not explained";
    EXPECT_TRUE(documented.insert({row[0], row[1], row[2], row[3]}).second)
        << row[0] << row[1] << " is listed twice";
  }
  std::set<std::vector<std::string>> settings;
  for (const Setting& setting : Settings()) {
    std::string variables = Code(setting.variable);
    if (!setting.other_variable.empty()) variables += ", " + Code(setting.other_variable);
    settings.insert({Code(setting.flag), variables, Code(setting.path), Code(setting.default_text)});
  }
  EXPECT_EQ(documented, settings);
}

TEST(Settings, HaveUniqueWellFormedNames) {
  std::set<std::string_view> names;
  for (const Setting& setting : Settings()) {
    EXPECT_FALSE(setting.variable.empty());
    EXPECT_NE(setting.apply, nullptr);
    EXPECT_FALSE(setting.help.empty());
    EXPECT_TRUE(names.insert(setting.variable).second) << setting.variable;
    if (setting.flag.empty()) continue;
    EXPECT_TRUE(names.insert(setting.flag).second) << setting.flag;
    // A flag's variable is its name in capitals.
    std::string variable = "PORTOLAN_";
    for (const char c : setting.flag.substr(2))
      variable.push_back(c == '-' ? '_' : static_cast<char>(c - 'a' + 'A'));
    EXPECT_EQ(setting.variable, variable);
    EXPECT_EQ(setting.repeatable, setting.clear != nullptr) << setting.flag;
  }
}

// A default told in the help is the one that holds: to give it changes nothing.
TEST(Settings, DefaultsInTheTableAreTheDefaultsOfTheOptions) {
  const ServeOptions defaults;
  for (const Setting& setting : Settings()) {
    if (setting.default_text.empty() || setting.flag == "--threads" || setting.flag == "--max-held") {
      continue;
    }
    ServeOptions options;
    std::string problem;
    ASSERT_TRUE(setting.apply(setting.default_text, &options, &problem)) << setting.flag << ": " << problem;
    EXPECT_EQ(options.http, defaults.http);
    EXPECT_EQ(options.grpc, defaults.grpc);
    EXPECT_EQ(options.admin, defaults.admin);
    EXPECT_EQ(options.log_level, defaults.log_level);
    EXPECT_EQ(options.allow_unauthenticated, defaults.allow_unauthenticated);
    EXPECT_EQ(options.default_provider, defaults.default_provider);
    EXPECT_EQ(options.direct_keys, defaults.direct_keys);
    EXPECT_EQ(options.count_streams, defaults.count_streams);
    EXPECT_EQ(options.max_body, defaults.max_body);
    EXPECT_EQ(options.max_relay_body, defaults.max_relay_body);
    EXPECT_EQ(options.connect_timeout, defaults.connect_timeout);
    EXPECT_EQ(options.first_byte_timeout, defaults.first_byte_timeout);
    EXPECT_EQ(options.idle_timeout, defaults.idle_timeout);
    EXPECT_EQ(options.stream_hold, defaults.stream_hold);
    EXPECT_EQ(options.heartbeat, defaults.heartbeat);
    EXPECT_EQ(options.keep_alive, defaults.keep_alive);
    EXPECT_EQ(options.grpc_max_connection_age, defaults.grpc_max_connection_age);
    EXPECT_EQ(options.grpc_max_connection_age_grace, defaults.grpc_max_connection_age_grace);
    EXPECT_EQ(options.drain_delay, defaults.drain_delay);
    EXPECT_EQ(options.grace, defaults.grace);
    EXPECT_EQ(options.no_splice, defaults.no_splice);
  }
}

}  // namespace
}  // namespace portolan::config
