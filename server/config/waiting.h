#pragma once

#include <string_view>
#include <vector>

#include "server/config/options.h"

namespace portolan::config {

// The settings, by their paths in the config file, that differ and take effect only when the gateway starts.
std::vector<std::string_view> SettingsThatWait(const ServeOptions& at_start, const ServeOptions& now);

}  // namespace portolan::config
