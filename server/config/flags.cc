#include "server/config/flags.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "server/config/values.h"

namespace portolan::config {
namespace {

constexpr size_t kMaxQuoted = 60;

const Setting* FindFlag(std::string_view name) {
  for (const Setting& setting : Settings()) {
    if (!setting.flag.empty() && setting.flag == name) return &setting;
  }
  return nullptr;
}

// Levenshtein's distance: how many characters to insert, delete or replace.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

absl::Status UnknownFlag(std::string_view name) {
  name = name.substr(0, kMaxQuoted);
  std::string_view nearest = "--help";
  for (const Setting& setting : Settings()) {
    if (!setting.flag.empty() && Distance(name, setting.flag) < Distance(name, nearest))
      nearest = setting.flag;
  }
  return absl::InvalidArgumentError("unknown flag " + std::string(name) + "; did you mean " +
                                    std::string(nearest) + "? `portolan serve --help` lists them all");
}

absl::Status BadValue(const Setting& setting, std::string_view name, std::string_view value,
                      const std::string& problem) {
  std::string message(name);
  if (!setting.secret) message += " \"" + std::string(value.substr(0, kMaxQuoted)) + "\"";
  return absl::InvalidArgumentError(message + ": " + problem);
}

absl::Status Apply(const Setting& setting, std::string_view name, std::string_view value,
                   ServeOptions* options) {
  std::string problem;
  if (setting.apply(value, options, &problem)) return absl::OkStatus();
  return BadValue(setting, name, value, problem);
}

absl::Status ApplyVariables(const Environment& environment, ServeOptions* options) {
  for (const Setting& setting : Settings()) {
    std::string name(setting.variable);
    std::optional<std::string> value = ReadVariable(environment, name);
    if (!value && !setting.other_variable.empty()) {
      name = setting.other_variable;
      value = ReadVariable(environment, name);
    }
    if (!value) continue;
    const std::vector<std::string_view> pieces =
        setting.repeatable ? SplitList(*value) : std::vector<std::string_view>{*value};
    for (const std::string_view piece : pieces) {
      if (absl::Status status = Apply(setting, name, piece, options); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

// Reads the flag at the front of *arguments, and its value.
absl::Status ApplyFlag(std::span<const std::string_view>* arguments, std::vector<const Setting*>* seen,
                       ServeOptions* options) {
  const std::string_view argument = arguments->front();
  *arguments = arguments->subspan(1);
  if (!argument.starts_with("--")) {
    return absl::InvalidArgumentError("unexpected argument " + std::string(argument.substr(0, kMaxQuoted)) +
                                      "; `portolan serve` takes flags only");
  }
  const size_t equals = argument.find('=');
  const std::string_view name = argument.substr(0, equals);
  const Setting* const setting = FindFlag(name);
  if (setting == nullptr) return UnknownFlag(name);

  std::string_view value = "true";  // a switch
  if (equals != std::string_view::npos) {
    value = argument.substr(equals + 1);
  } else if (!setting->value_name.empty()) {
    if (arguments->empty() || arguments->front().starts_with("--")) {
      return absl::InvalidArgumentError(std::string(name) + " needs a value: " + std::string(name) + " " +
                                        std::string(setting->value_name));
    }
    value = arguments->front();
    *arguments = arguments->subspan(1);
  }

  const bool first = std::find(seen->begin(), seen->end(), setting) == seen->end();
  if (first) {
    seen->push_back(setting);
    if (setting->clear != nullptr) setting->clear(options);
  } else if (!setting->repeatable) {
    return absl::InvalidArgumentError(std::string(name) + " is given twice");
  }
  return Apply(*setting, name, value, options);
}

bool IsHelp(std::string_view argument) {
  return argument == "--help" || argument == "-h" || argument == "help";
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(std::span<const std::string_view> arguments,
                                             const Environment& environment) {
  CommandLine line;
  if (arguments.empty()) {
    return absl::InvalidArgumentError(
        "no command; `portolan serve` starts the gateway, `portolan --help` tells more");
  }
  const std::string_view command = arguments.front();
  arguments = arguments.subspan(1);
  if (IsHelp(command)) {
    const bool serve = !arguments.empty() && arguments.front() == "serve";
    line.command = serve ? CommandLine::Command::kServeHelp : CommandLine::Command::kHelp;
    return line;
  }
  if (command == "--version" || command == "version") {
    line.command = CommandLine::Command::kVersion;
    return line;
  }
  if (command != "serve") {
    return absl::InvalidArgumentError("unknown command " + std::string(command.substr(0, kMaxQuoted)) +
                                      "; `portolan serve` starts the gateway, `portolan --help` tells more");
  }
  if (std::any_of(arguments.begin(), arguments.end(),
                  [](std::string_view a) { return a == "--help" || a == "-h"; })) {
    line.command = CommandLine::Command::kServeHelp;
    return line;
  }
  if (absl::Status status = ApplyVariables(environment, &line.options); !status.ok()) return status;
  std::vector<const Setting*> seen;
  while (!arguments.empty()) {
    if (absl::Status status = ApplyFlag(&arguments, &seen, &line.options); !status.ok()) return status;
  }
  return line;
}

}  // namespace portolan::config
