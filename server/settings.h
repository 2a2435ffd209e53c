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

// Everything that the process is told.
struct Settings {
  config::ServeOptions options;                   // config file, environment and flags, laid over each other
  std::optional<config::FileSettings> file = {};  // what only the config file can say; nullopt: there is none
  // A flag or a variable says that callers may go without keys: a file alone cannot, as it may be cut short.
  bool keys_may_go = false;
  // The names of the variables that are set, so that those which mean nothing can be told of.
  std::vector<std::string> variables = {};
};

// Reads the config file that `options`, which come of `arguments` and `environment`, name, and lays them over
// what it says. Without a file, `options` is all. Fails with every problem of the file, one a line.
absl::StatusOr<Settings> LoadSettings(const config::ServeOptions& options,
                                      std::span<const std::string_view> arguments,
                                      const config::Environment& environment);

// Reads everything again. Fails with what is wrong, for the operator.
using SettingsLoader = std::function<absl::StatusOr<Settings>()>;

}  // namespace portolan
