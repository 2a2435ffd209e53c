#include "server/cli/keys.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "server/base/text.h"
#include "server/base/text_file.h"

namespace portolan::cli {
namespace {

constexpr size_t kMaxKeyFile = 64 << 10;

// Those of `A:B:C?` that are set.
std::vector<std::string> SetVariables(std::string_view names, const config::Environment& environment) {
  std::vector<std::string> set;
  while (!names.empty()) {
    const size_t end = std::min(names.find(':'), names.size());
    std::string name(names.substr(0, end));
    if (name.ends_with('?') || name.ends_with('@')) name.pop_back();
    if (config::ReadVariable(environment, name)) set.push_back(std::move(name));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return set;
}

// What is wrong with the key in `file`.
std::string ProblemOfFile(const std::string& file, const providers::Auth& auth) {
  std::string text;
  std::string problem;
  if (!ReadTextFile(file, kMaxKeyFile, &text, &problem)) return "the file " + file + ": " + problem;
  const auto key = config::CheckSecret("the file " + file, TrimSpace(text));
  if (!key.ok()) return std::string(key.status().message());
  problem = auth.ProblemOf(key->Reveal());
  return problem.empty() ? "" : "the file " + file + ": " + problem;
}

std::optional<FoundKey> Find(const providers::Provider& provider, const std::string& names,
                             const config::Environment& environment) {
  FoundKey found{
      .provider = &provider, .variables = SetVariables(names, environment), .is_file = names.ends_with('@')};
  if (found.variables.empty()) return std::nullopt;
  if (found.is_file) {
    const auto path = config::ReadVariable(environment, found.variables.front());
    found.problem = ProblemOfFile(path.value_or(""), *provider.auth);
    return found;
  }
  const auto keys = config::ReadEnvironmentKeys(std::array{std::string_view(names)}, environment);
  if (!keys.ok()) {
    found.problem = std::string(keys.status().message());
  } else if (keys->empty()) {
    return std::nullopt;  // a part of it is missing
  } else {
    found.problem = provider.auth->ProblemOf(keys->front().key.Reveal());
  }
  return found;
}

}  // namespace

std::vector<FoundKey> FindKeys(const providers::Catalog& catalog, const config::Environment& environment) {
  std::vector<FoundKey> all;
  for (const providers::Provider& provider : catalog.providers) {
    for (const std::string& names : provider.key_variables) {
      std::optional<FoundKey> found = Find(provider, names, environment);
      if (!found) continue;
      all.push_back(*std::move(found));
      break;
    }
  }
  return all;
}

}  // namespace portolan::cli
