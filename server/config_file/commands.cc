#include "server/config_file/commands.h"

#include <string_view>

#include "server/config_file/config_file.h"
#include "server/config_file/json_schema.h"
#include "server/config_file/print.h"
#include "server/config_file/yaml_writer.h"

namespace portolan::config {
namespace {

std::string Count(int count, std::string_view one, std::string_view several) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : several);
}

CommandResult Failed(const std::string& path, const ConfigProblems& problems) {
  return {1, "", DescribeProblems(path, problems) + "\n"};
}

}  // namespace

CommandResult CheckCommand(const std::string& path, bool resolve, const Environment& environment) {
  ConfigProblems problems;
  const auto file = ConfigFile::Read(path, &problems);
  if (file == nullptr) return Failed(path, problems);
  FileSettings settings;
  if (resolve && !file->Resolve(environment, &settings, &problems)) return Failed(path, problems);
  const v1::GatewayConfig& config = file->message();
  CommandResult result;
  result.out = path + ": ok: " + Count(config.callers().keys_size(), "caller", "callers") + ", " +
               Count(config.providers_size(), "provider", "providers") + ", " +
               Count(config.routes_size(), "route", "routes") + ", " +
               Count(config.aliases_size(), "alias", "aliases") + "\n";
  if (!file->without_effect().empty()) result.err = DescribeProblems(path, file->without_effect()) + "\n";
  for (const std::string& reference : settings.keys_in_quotes)
    result.err += path + ": " + reference + ": the key begins and ends with a quote character\n";
  return result;
}

CommandResult PrintCommand(const std::string& path, bool json) {
  ConfigProblems problems;
  const auto file = ConfigFile::Read(path, &problems);
  if (file == nullptr) return Failed(path, problems);
  const std::string effective = EffectiveJson(*file);
  return {0, json ? ToIndentedJson(effective) : ToYaml(effective), ""};
}

CommandResult SchemaCommand() { return {0, ConfigJsonSchema(), ""}; }

}  // namespace portolan::config
