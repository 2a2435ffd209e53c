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

absl::Status UnknownServeFlag(std::string_view name) {
  std::vector<std::string_view> known = {"--help"};
  for (const Setting& setting : Settings()) {
    if (!setting.flag.empty()) known.push_back(setting.flag);
  }
  name = name.substr(0, kMaxQuoted);
  return absl::InvalidArgumentError("unknown flag " + std::string(name) + "; did you mean " +
                                    std::string(Nearest(name, known)) +
                                    "? `portolan serve --help` lists them all");
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

}  // namespace

absl::StatusOr<ServeOptions> ParseServeFlags(std::span<const std::string_view> flags,
                                             const Environment& environment, const ServeOptions& base) {
  ServeOptions options = base;
  if (absl::Status status = ApplyVariables(environment, &options); !status.ok()) return status;
  std::vector<const Setting*> seen;
  while (!flags.empty()) {
    if (absl::Status status = ApplyFlag(&flags, &seen, &options); !status.ok()) return status;
  }
  return options;
}

}  // namespace portolan::config
