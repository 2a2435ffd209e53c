#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

namespace portolan::telemetry {

// Ordered: a threshold lets through itself and everything before it.
enum class LogLevel : uint8_t { kError, kWarn, kInfo, kDebug };

// The level in force, which an operator may change at any time. Thread-safe.
class LogThreshold {
 public:
  explicit LogThreshold(LogLevel level) : level_(level) {}
  LogLevel level() const { return level_.load(std::memory_order_relaxed); }
  void Set(LogLevel level) { level_.store(level, std::memory_order_relaxed); }
  bool Passes(LogLevel level) const { return level <= this->level(); }

 private:
  std::atomic<LogLevel> level_;
};

std::string_view ToString(LogLevel level);  // `error`, `warn`, `info`, `debug`
std::optional<LogLevel> ParseLogLevel(std::string_view text);

}  // namespace portolan::telemetry
