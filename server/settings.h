#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/config/environment.h"
#include "server/config/options.h"
#include "server/config_file/file_settings.h"

namespace portolan {

// Everything that flags, environment and config file tell the process.
struct Settings {
  config::ServeOptions options;  // of the config file, overridden by the environment, overridden by flags
  std::optional<config::FileSettings> file = {};  // nullopt: there is no config file
  // A flag or a variable says that callers need no keys. A file alone cannot take them away, as it may have
  // been cut short.
  bool keys_may_go = false;
  // The names of the variables that are set, to find those that mean nothing.
  std::vector<std::string> variables = {};
};

// Reads the config file that `options` names, if any, and overrides what it says by `flags` and
// `environment`, from which `options` was made. Fails with every problem of the file, one per line.
absl::StatusOr<Settings> LoadSettings(const config::ServeOptions& options,
                                      std::span<const std::string_view> flags,
                                      const config::Environment& environment);

// Reads everything again. Fails with what is wrong, for the operator.
using SettingsLoader = std::function<absl::StatusOr<Settings>()>;

}  // namespace portolan
