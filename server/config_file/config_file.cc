#include "server/config_file/config_file.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "server/base/sha256.h"
#include "server/base/text_file.h"
#include "server/config_file/findings.h"
#include "server/config_file/rules.h"
#include "server/config_file/structure.h"
#include "server/config_file/yaml_node.h"

namespace portolan::config {
namespace {

std::vector<std::string_view> OptionNames(const providers::Registry& registry) {
  std::vector<std::string_view> names;
  for (const auto& provider : registry.all()) {
    for (const providers::ProviderOption& option : provider->options) {
      names.push_back(option.name);
      if (!option.config_name.empty()) names.push_back(option.config_name);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

void SortByPlace(ConfigProblems* problems) {
  std::sort(problems->begin(), problems->end(), [](const ConfigProblem& a, const ConfigProblem& b) {
    return std::tie(a.line, a.column, a.path, a.problem) < std::tie(b.line, b.column, b.path, b.problem);
  });
}

std::string DescribeProblems(std::string_view file, const ConfigProblems& problems) {
  std::string text;
  for (const ConfigProblem& problem : problems) {
    if (!text.empty()) text += '\n';
    text += file;
    if (problem.line > 0) text += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
    text += ": ";
    if (!problem.path.empty()) text += problem.path + ": ";
    text += problem.problem;
  }
  return text;
}

ConfigFile::ConfigFile() = default;
ConfigFile::~ConfigFile() = default;

std::unique_ptr<const ConfigFile> ConfigFile::Read(const std::string& path, ConfigProblems* problems) {
  std::string text;
  std::string problem;
  if (!ReadTextFile(path, kMaxBytes, &text, &problem)) {
    problems->push_back({0, 0, "", std::move(problem)});
    return nullptr;
  }
  return Parse(path, text, problems);
}

std::unique_ptr<const ConfigFile> ConfigFile::Parse(std::string name, std::string_view text,
                                                    ConfigProblems* problems) {
  const size_t before = problems->size();
  std::unique_ptr<ConfigFile> file(new ConfigFile());
  file->name_ = std::move(name);
  file->text_ = text;
  file->hash_ = Sha256Hex(text);
  file->tree_ = ParseYaml(text, problems);
  if (file->tree_ != nullptr) {
    const YamlNode& root = *file->tree_;
    Findings findings(problems);
    const std::unique_ptr<providers::Registry> registry = RegistryOf(root);
    CheckKeys(root, OptionNames(*registry), &findings);
    DecodeTree(root, &findings, &file->message_);
    const guardrails::NamedGuardrails guardrails =
        GuardrailsOf(root, file->message_, &findings, &file->without_effect_);
    const routing::MiddlewareNames middleware = MiddlewareOf(root);
    const RuleInputs inputs = {root, file->message_, *registry, guardrails, middleware};
    CheckSettings(root, &findings);
    CheckCallers(root, &findings);
    CheckProviders(inputs, &findings);
    CheckGuardrailLists(inputs, &findings, &file->without_effect_);
    CheckMiddleware(inputs, &findings);
    CheckRoutes(inputs, &findings, &file->without_effect_);
  }
  SortByPlace(problems);
  SortByPlace(&file->without_effect_);
  return problems->size() == before ? std::move(file) : nullptr;
}

absl::StatusOr<FileSettings> LoadConfigFile(const std::string& path, const Environment& environment) {
  ConfigProblems problems;
  FileSettings settings;
  const std::unique_ptr<const ConfigFile> file = ConfigFile::Read(path, &problems);
  if (file == nullptr || !file->Resolve(environment, &settings, &problems))
    return absl::InvalidArgumentError(DescribeProblems(path, problems));
  return settings;
}

}  // namespace portolan::config
