#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace portolan::telemetry {

// Ordered: a threshold lets through itself and everything before it.
enum class LogLevel : uint8_t { kError, kWarn, kInfo, kDebug };

std::string_view ToString(LogLevel level);  // `error`, `warn`, `info`, `debug`
std::optional<LogLevel> ParseLogLevel(std::string_view text);

}  // namespace portolan::telemetry
