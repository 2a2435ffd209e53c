#include "server/settings.h"

#include <utility>

#include "server/config/flags.h"
#include "server/config_file/config_file.h"

namespace portolan {

absl::StatusOr<Settings> LoadSettings(const config::ServeOptions& options,
                                      std::span<const std::string_view> flags,
                                      const config::Environment& environment) {
  Settings settings{.options = options};
  if (options.config_file.empty()) return settings;
  auto file = config::LoadConfigFile(options.config_file, environment);
  if (!file.ok()) return file.status();
  auto overridden = config::ParseServeFlags(flags, environment, file->options);
  if (!overridden.ok()) return overridden.status();
  settings.options = *std::move(overridden);
  settings.file = *std::move(file);
  settings.keys_may_go = options.allow_unauthenticated;
  return settings;
}

}  // namespace portolan
