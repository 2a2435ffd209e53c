#pragma once

#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "server/config/options.h"
#include "server/config_file/file_settings.h"

namespace portolan {

// Everything that the process is told.
struct Settings {
  config::ServeOptions options;              // config file, environment and flags, laid over each other
  std::optional<config::FileSettings> file;  // what only the config file can say; nullopt: there is none
};

// Reads everything again. Fails with what is wrong, for the operator.
using SettingsLoader = std::function<absl::StatusOr<Settings>()>;

}  // namespace portolan
