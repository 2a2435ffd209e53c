#include "server/config/flags.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "server/base/nearest.h"
#include "server/base/text.h"
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

absl::Status UnknownFlag(std::string_view name, std::span<const std::string_view> known,
                         std::string_view command) {
  name = name.substr(0, kMaxQuoted);
  return absl::InvalidArgumentError("unknown flag " + std::string(name) + "; did you mean " +
                                    std::string(Nearest(name, known)) + "? `portolan " +
                                    std::string(command) + " --help` lists them all");
}

absl::Status UnknownServeFlag(std::string_view name) {
  std::vector<std::string_view> known = {"--help"};
  for (const Setting& setting : Settings()) {
    if (!setting.flag.empty()) known.push_back(setting.flag);
  }
  return UnknownFlag(name, known, "serve");
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
    if (setting.clear != nullptr) setting.clear(options);
    if (setting.origin != nullptr) options->*setting.origin = name;
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
  if (setting == nullptr) return UnknownServeFlag(name);

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

bool AsksForHelp(std::span<const std::string_view> arguments) {
  return std::any_of(arguments.begin(), arguments.end(),
                     [](std::string_view a) { return a == "--help" || a == "-h"; });
}

absl::Status UnknownCommand(std::string_view command) {
  return absl::InvalidArgumentError("unknown command " + std::string(command.substr(0, kMaxQuoted)) +
                                    "; `portolan serve` starts the gateway, `portolan --help` tells more");
}

absl::StatusOr<CommandLine> ParseServe(std::span<const std::string_view> arguments,
                                       const Environment& environment, const ServeOptions& base) {
  CommandLine line;
  line.options = base;
  if (absl::Status status = ApplyVariables(environment, &line.options); !status.ok()) return status;
  std::vector<const Setting*> seen;
  while (!arguments.empty()) {
    if (absl::Status status = ApplyFlag(&arguments, &seen, &line.options); !status.ok()) return status;
  }
  return line;
}

// The value of `--format`.
absl::Status ReadFormat(std::string_view value, bool* json) {
  if (value != "yaml" && value != "json") {
    return absl::InvalidArgumentError("--format \"" + std::string(value.substr(0, kMaxQuoted)) +
                                      "\": it must be yaml or json");
  }
  *json = value == "json";
  return absl::OkStatus();
}

// What follows `check` and `config print`: a file, and the command's one flag before or after it.
absl::StatusOr<CommandLine> ParseFileCommand(std::string_view command,
                                             std::span<const std::string_view> arguments, CommandLine line) {
  const bool check = line.command == CommandLine::Command::kCheck;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (check && argument == "--resolve") {
      line.resolve = true;
    } else if (!check && argument.starts_with("--format=")) {
      if (absl::Status status = ReadFormat(argument.substr(9), &line.json); !status.ok()) return status;
    } else if (!check && argument == "--format" && i + 1 < arguments.size()) {
      if (absl::Status status = ReadFormat(arguments[++i], &line.json); !status.ok()) return status;
    } else if (argument == "--format" && !check) {
      return absl::InvalidArgumentError("--format needs a value: --format yaml or --format json");
    } else if (argument.starts_with("--")) {
      const std::string_view known[] = {"--help", check ? "--resolve" : "--format"};
      return UnknownFlag(argument, known, command);
    } else if (line.file.empty() && !argument.empty()) {
      line.file = argument;
    } else {
      return absl::InvalidArgumentError("unexpected argument " + std::string(argument.substr(0, kMaxQuoted)) +
                                        "; `portolan " + std::string(command) + "` takes one file");
    }
  }
  if (line.file.empty()) {
    return absl::InvalidArgumentError("no file; `portolan " + std::string(command) + " FILE` needs one");
  }
  return line;
}

absl::StatusOr<CommandLine> ParseConfig(std::span<const std::string_view> arguments) {
  CommandLine line;
  const std::string_view what = arguments.empty() ? "" : arguments.front();
  if (what == "print") {
    line.command = CommandLine::Command::kConfigPrint;
    return ParseFileCommand("config print", arguments.subspan(1), std::move(line));
  }
  if (what == "schema" && arguments.size() == 1) {
    line.command = CommandLine::Command::kConfigSchema;
    return line;
  }
  return absl::InvalidArgumentError(
      "`portolan config print FILE` and `portolan config schema` are what there is; `portolan --help` tells "
      "more");
}

absl::StatusOr<CommandLine> ParseProviders(std::span<const std::string_view> arguments) {
  CommandLine line;
  line.command = CommandLine::Command::kProviders;
  for (const std::string_view argument : arguments) {
    if (argument != "--markdown") {
      return absl::InvalidArgumentError("unexpected argument " + std::string(argument.substr(0, kMaxQuoted)) +
                                        "; `portolan providers` takes --markdown and nothing else");
    }
    line.markdown = true;
  }
  return line;
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(std::span<const std::string_view> arguments,
                                             const Environment& environment, const ServeOptions& base) {
  using Command = CommandLine::Command;
  CommandLine line;
  if (arguments.empty()) {
    return absl::InvalidArgumentError(
        "no command; `portolan serve` starts the gateway, `portolan --help` tells more");
  }
  const std::string_view command = arguments.front();
  arguments = arguments.subspan(1);
  if (IsHelp(command)) {
    const bool serve = !arguments.empty() && arguments.front() == "serve";
    line.command = serve ? Command::kServeHelp : Command::kHelp;
    return line;
  }
  if (command == "--version" || command == "version") {
    line.command = Command::kVersion;
    return line;
  }
  if (command != "serve" && command != "check" && command != "config" && command != "providers") {
    return UnknownCommand(command);
  }
  if (AsksForHelp(arguments)) {
    line.command = command == "serve" ? Command::kServeHelp : Command::kHelp;
    return line;
  }
  if (command == "serve") return ParseServe(arguments, environment, base);
  if (command == "config") return ParseConfig(arguments);
  if (command == "providers") return ParseProviders(arguments);
  line.command = Command::kCheck;
  return ParseFileCommand(command, arguments, std::move(line));
}

}  // namespace portolan::config
