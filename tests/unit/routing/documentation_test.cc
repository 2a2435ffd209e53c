// docs/routing.md against the types and the compiler that it describes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "portolan/options/v1/options.pb.h"
#include "portolan/v1/route_config.pb.h"
#include "server/routing/condition.h"
#include "tests/unit/routing/compile.h"

namespace portolan::routing {
namespace {

using ::testing::IsEmpty;
using Words = std::multiset<std::string>;

struct Row {
  std::string section;  // `## Retries`
  std::string head;     // of the table's first column
  std::vector<std::string> cells;
};

struct Page {
  std::vector<Row> rows;
  std::vector<std::string> examples;  // JSON blocks
};

std::vector<std::string> Cells(const std::string& line) {
  std::vector<std::string> cells;
  for (size_t at = 2; at < line.size();) {
    const size_t end = line.find(" |", at);
    cells.push_back(line.substr(at, end - at));
    at = end + 3;
  }
  return cells;
}

Page ReadPage() {
  Page page;
  std::ifstream file("docs/routing.md");
  EXPECT_TRUE(file) << "run from the project's root";
  std::string section;
  std::string head;
  for (std::string line; std::getline(file, line);) {
    if (line == "```json") {
      std::string& example = page.examples.emplace_back();
      while (std::getline(file, line) && line != "```") example += line + "\n";
    } else if (line.starts_with("## ")) {
      section = line.substr(3);
    } else if (!line.starts_with("|")) {
      head.clear();
    } else if (head.empty()) {
      head = Cells(line)[0];
      std::getline(file, line);  // the rule below the head
    } else {
      page.rows.push_back({section, head, Cells(line)});
    }
  }
  return page;
}

// The words in backquotes.
std::vector<std::string> Code(const std::string& text) {
  std::vector<std::string> words;
  for (size_t at = 0; (at = text.find('`', at)) != std::string::npos;) {
    const size_t end = text.find('`', at + 1);
    words.push_back(text.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return words;
}

Words FirstCells(const Page& page, const std::string& section, const std::string& head) {
  Words words;
  for (const Row& row : page.rows) {
    if (row.section != section || row.head != head) continue;
    for (std::string& word : Code(row.cells[0])) words.insert(std::move(word));
  }
  return words;
}

// Members that stand in the sink are not of the type.
Words Fields(const google::protobuf::Descriptor& type) {
  Words names;
  for (int i = 0; i < type.field_count(); ++i) {
    if (!type.field(i)->options().GetExtension(options::v1::sink)) names.insert(type.field(i)->name());
  }
  return names;
}

TEST(RoutingPage, TellsEveryKeyOnceAndNoOthers) {
  const Page page = ReadPage();
  const std::map<std::string, const google::protobuf::Descriptor*> sections = {
      {"Nodes", v1::RouteConfig::descriptor()},
      {"Strategies", v1::Strategy::descriptor()},
      {"Conditions", v1::Condition::descriptor()},
      {"Retries", v1::Retry::descriptor()}};
  for (const auto& [section, type] : sections) {
    EXPECT_EQ(FirstCells(page, section, "key"), Fields(*type)) << section;
  }
  for (const Row& row : page.rows) {
    if (row.head != "key") continue;
    EXPECT_EQ(sections.count(row.section), 1u) << row.section;
    EXPECT_EQ(row.cells.size(), 3u) << row.cells[0];
  }
}

TEST(RoutingPage, TellsEveryMode) {
  Words modes;
  const auto* type = v1::StrategyMode_descriptor();
  for (int i = 0; i < type->value_count(); ++i) {
    const std::string& spelling = type->value(i)->options().GetExtension(options::v1::spelling);
    if (type->value(i)->number() != 0) modes.insert(spelling);
  }
  EXPECT_EQ(FirstCells(ReadPage(), "Strategies", "mode"), modes);
}

TEST(RoutingPage, GivesAnExampleOfEveryOperatorThatThereIs) {
  std::set<std::string> told;
  for (const Row& row : ReadPage().rows) {
    if (row.head != "operator") continue;
    const std::string name = Code(row.cells[0]).at(0);
    const std::string example = Code(row.cells.at(2)).at(0);
    std::string problem;
    EXPECT_TRUE(Condition::Compile(example, &problem)) << example << ": " << problem;
    EXPECT_NE(example.find("\"" + name + "\""), std::string::npos) << example;
    told.insert(name);
  }
  // Those that the type's own description names.
  const std::set<std::string> all = {"$eq",  "$ne",    "$gt",     "$gte", "$lt",  "$lte", "$in",
                                     "$nin", "$regex", "$exists", "$not", "$and", "$or"};
  EXPECT_EQ(told, all);
}

TEST(RoutingPage, ShowsConfigsThatWork) {
  const Page page = ReadPage();
  EXPECT_EQ(page.examples.size(), 2u);
  for (const std::string& example : page.examples) {
    std::shared_ptr<const RoutePlan> plan;
    const auto error = Compile(example, &plan);
    ASSERT_FALSE(error) << error->message;
    EXPECT_THAT(plan->ignored, IsEmpty());
  }
}

// The members that the page calls ignored are; no others.
TEST(RoutingPage, TellsWhatIsIgnored) {
  for (const Row& row : ReadPage().rows) {
    if (row.section != "Nodes" || row.head != "key") continue;
    const bool without_effect = row.cells[2].find("without effect") != std::string::npos;
    for (const std::string& key : Code(row.cells[0])) {
      std::shared_ptr<const RoutePlan> plan;
      const bool compiles = !Compile(R"({"provider":"openai","api_key":"k",")" + key + R"(":"1"})", &plan);
      const bool ignored = compiles && plan->ignored == std::vector<std::string>{key};
      EXPECT_EQ(ignored, without_effect) << key;
    }
  }
}

}  // namespace
}  // namespace portolan::routing
