#pragma once

#include <string_view>
#include <vector>

#include "server/config/options.h"

namespace portolan::config {

// The settings that differ between `at_start` and `now` but take effect only when the gateway starts, by
// their paths in the config file.
std::vector<std::string_view> SettingsThatWait(const ServeOptions& at_start, const ServeOptions& now);

}  // namespace portolan::config
