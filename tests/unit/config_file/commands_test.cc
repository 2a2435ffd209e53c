#include "server/config_file/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "portolan/config/v1/gateway_config.pb.h"
#include "portolan/options/v1/options.pb.h"
#include "server/config/flags.h"
#include "server/config_file/config_file.h"
#include "server/config_file/json_schema.h"
#include "server/config_file/print.h"
#include "server/config_file/yaml_writer.h"
#include "tests/unit/config/fake_environment.h"

namespace portolan::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kExample[] = "tests/unit/config_file/good/everything.yaml";

std::string Content(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path << ": run from the project's root";
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::unique_ptr<const ConfigFile> Parsed(std::string_view text) {
  ConfigProblems problems;
  auto file = ConfigFile::Parse("f", text, &problems);
  EXPECT_EQ(DescribeProblems("f", problems), "");
  return file;
}

TEST(Check, SaysOkInOneLine) {
  const CommandResult result = CheckCommand(kExample, /*resolve=*/false, FakeEnvironment({}));
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_EQ(result.out, std::string(kExample) + ": ok: 2 callers, 3 providers, 3 routes, 1 alias\n");
  EXPECT_EQ(result.err, "");
}

TEST(Check, ResolvesOnlyWhenAsked) {
  const CommandResult result = CheckCommand(kExample, /*resolve=*/true, FakeEnvironment({}));
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("callers.keys[0].key: the variable BILLING_KEY is not set\n"));
  const CommandResult good = CheckCommand(
      kExample, true,
      FakeEnvironment({{"ADMIN_KEY", "a"}, {"BILLING_KEY", "b"}, {"OPENAI_API_KEY", "c"}, {"LAB_KEY", "d"}}));
  EXPECT_EQ(good.exit_status, 0) << good.err;
}

// What a shell or a file of variables should have taken off. The key is not shown.
TEST(Check, PointsAtKeysInQuotes) {
  const std::map<std::string, std::string> variables = {
      {"ADMIN_KEY", "a"}, {"BILLING_KEY", "'hush'"}, {"OPENAI_API_KEY", "\"hush\""}, {"LAB_KEY", "d'"}};
  const CommandResult result = CheckCommand(kExample, true, FakeEnvironment(variables));
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_EQ(result.err, std::string(kExample) +
                            ": env:BILLING_KEY: the key begins and ends with a quote character\n" + kExample +
                            ": env:OPENAI_API_KEY: the key begins and ends with a quote character\n");
}

TEST(Check, TellsEveryProblem) {
  const std::string path = "tests/unit/config_file/bad/two_mistakes.yaml";
  const CommandResult result = CheckCommand(path, false, FakeEnvironment({}));
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(
      result.err,
      path + ":2:3: listen.htpp: there is no such key; did you mean \"http\"?\n" + path +
          ":6:14: providers.openai.api_key: expected a string, got a number; in quotes it is a string\n");
  EXPECT_EQ(CheckCommand("nowhere.yaml", false, FakeEnvironment({})).exit_status, 1);
}

TEST(Print, FillsInTheDefaults) {
  EXPECT_EQ(ToYaml(EffectiveJson(
                *Parsed("listen: {http: ':80'}\nproviders: {lab: {base_url: 'http://a'}, openai: }\n"
                        "tls:\ncallers: {keys: []}\n"))),
            "listen:\n"
            "  http: \":80\"\n"
            "  grpc: 127.0.0.1:50051\n"
            "  admin: 127.0.0.1:8788\n"
            "  drain_delay: 0s\n"
            "  grace: 30s\n"
            "  keep_alive: 75s\n"
            "  grpc_max_connection_age: 0s\n"
            "  grpc_max_connection_age_grace: 1h\n"
            "tls:\n"
            "  client_auth: required\n"
            "callers:\n"
            "  allow_unauthenticated: false\n"
            "limits:\n"
            "  max_body: 64MB\n"
            "  max_relay_body: \"0\"\n"
            "timeouts:\n"
            "  connect: 5s\n"
            "  first_byte: 10m\n"
            "  idle: 5m\n"
            "  stream_hold: 15s\n"
            "  heartbeat: 15s\n"
            "upstream:\n"
            "  direct_keys: false\n"
            "providers:\n"
            "  lab:\n"
            "    base_url: http://a\n"
            "    dialect: openai\n"
            "  openai: {}\n"
            "log_level: info\n"
            "usage:\n"
            "  streams: always\n");
}

TEST(Print, GivesWhatReadsBackAsTheSame) {
  const std::string effective = EffectiveJson(*Parsed(Content(kExample)));
  for (const std::string& text : {ToYaml(effective), ToIndentedJson(effective)})
    EXPECT_EQ(EffectiveJson(*Parsed(text)), effective) << text;
  EXPECT_EQ(PrintCommand(kExample, false).out, ToYaml(effective));
  EXPECT_EQ(PrintCommand(kExample, true).out, ToIndentedJson(effective));
  // Everything the file says is in it.
  const auto printed = nlohmann::json::parse(effective);
  EXPECT_EQ(printed["routes"]["main"]["targets"][1]["override_params"]["temperature"], 0.2);
  EXPECT_EQ(printed["callers"]["keys"][0]["key"], "env:BILLING_KEY");
}

TEST(Print, ShowsNoKey) {
  const CommandResult result = PrintCommand("tests/unit/config_file/good/hosted.yaml", false);
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_THAT(result.out, Not(HasSubstr("hush")));
  EXPECT_EQ(PrintCommand("nowhere.yaml", false).exit_status, 1);
}

// Every member below a message, lists of text and scalars as leaves: `listen.http`. What stands in free
// objects or lists of objects is no setting.
void Settings(const Descriptor& type, const std::string& prefix, std::set<std::string>* paths) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.options().GetExtension(options::v1::sink)) continue;
    if (field.message_type() == nullptr) {
      paths->insert(prefix + field.name());
    } else if (!field.is_repeated()) {
      Settings(*field.message_type(), prefix + field.name() + ".", paths);
    }
  }
}

TEST(Table, HasEverySettingOfTheFileAndNoOthers) {
  std::set<std::string> in_file;
  Settings(*v1::GatewayConfig::descriptor(), "", &in_file);
  // Names what only a file can hold.
  for (const char* name :
       {"default_route", "default_input_guardrails", "default_output_guardrails", "default_middleware"})
    ASSERT_EQ(in_file.erase(name), 1u) << name;
  std::set<std::string> in_table;
  std::map<std::string, bool> repeatable;
  for (const Setting& setting : config::Settings()) {
    if (setting.path.empty()) continue;
    EXPECT_TRUE(in_table.insert(std::string(setting.path)).second) << setting.path << " stands twice";
  }
  EXPECT_EQ(in_table, in_file);
}

// The keys below a message in the notation of the documentation: `callers.keys[].name`,
// `providers.NAME.api_key`. Routes are documented elsewhere.
void Keys(const Descriptor& type, const std::string& prefix, std::multiset<std::string>* keys) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.options().GetExtension(options::v1::sink)) continue;
    std::string path = prefix + field.name();
    const FieldDescriptor* value = &field;
    if (field.options().GetExtension(options::v1::as_object)) {
      path += ".NAME";
      value = field.message_type()->FindFieldByNumber(2);
    } else if (field.is_repeated() && field.message_type() != nullptr) {
      path += "[]";
    }
    if (value->message_type() == nullptr || value->message_type()->name() == "RouteConfig") {
      keys->insert(path);
    } else {
      Keys(*value->message_type(), path + ".", keys);
    }
  }
}

TEST(Documentation, NamesEveryKeyOnce) {
  std::multiset<std::string> keys;
  Keys(*v1::GatewayConfig::descriptor(), "", &keys);
  // The column `key in the file` of all tables that have one.
  std::multiset<std::string> documented;
  std::istringstream lines(Content("docs/configuration.md"));
  int column = -1;
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, '|');) cells.push_back(cell);
    const auto head = std::find(cells.begin(), cells.end(), " key in the file ");
    if (head != cells.end()) column = static_cast<int>(head - cells.begin());
    if (!line.starts_with("|")) column = -1;
    if (column < 0 || line.starts_with("|---") || head != cells.end()) continue;
    const std::string& cell = cells[static_cast<size_t>(column)];
    if (cell.size() > 4) documented.insert(cell.substr(2, cell.size() - 4));
  }
  EXPECT_EQ(documented, keys);
}

TEST(Documentation, ShowsAWholeFileThatLoads) {
  const std::string page = Content("docs/configuration.md");
  const size_t begin = page.find("```yaml\n") + 8;
  const std::string example = page.substr(begin, page.find("```", begin) - begin);
  const auto file = Parsed(example);
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->message().routes_size(), 2);
  EXPECT_EQ(DescribeProblems("f", file->without_effect()), "");
}

// A default in a comment of the proto is the one of the table.
TEST(Table, HasTheDefaultsThatTheSchemaTells) {
  const auto schema = nlohmann::json::parse(ConfigJsonSchema());
  for (const Setting& setting : config::Settings()) {
    if (setting.path.empty() || setting.default_text.empty() || setting.default_text == "one a core")
      continue;
    const size_t dot = setting.path.find('.');
    const std::string first(setting.path.substr(0, dot));
    nlohmann::json member = schema["properties"][first];
    if (dot != std::string_view::npos) {
      const std::string reference = member["$ref"];
      member = schema["$defs"][reference.substr(8)]["properties"][std::string(setting.path.substr(dot + 1))];
    }
    const std::string description = member["description"];
    const std::string plain = "Default " + std::string(setting.default_text) + ".";
    const std::string quoted = "Default `" + std::string(setting.default_text) + "`.";
    EXPECT_TRUE(description.ends_with(plain) || description.ends_with(quoted))
        << setting.path << ": " << description;
  }
}

TEST(Schema, OfTheDocumentationIsThePresentOne) {
  EXPECT_EQ(Content("docs/config.schema.json"), SchemaCommand().out)
      << "portolan config schema > docs/config.schema.json";
}

TEST(Schema, DescribesEveryMember) {
  const auto schema = nlohmann::json::parse(ConfigJsonSchema());
  auto objects = schema["$defs"];
  objects["root"] = schema;
  EXPECT_GT(objects.size(), 10u);
  for (const auto& [name, object] : objects.items()) {
    EXPECT_FALSE(object["description"].get<std::string>().empty()) << name;
    EXPECT_EQ(object["additionalProperties"], false) << name;
    for (const auto& [member, value] : object["properties"].items())
      EXPECT_TRUE(value.contains("description")) << name << "." << member;
  }
}

}  // namespace
}  // namespace portolan::config
