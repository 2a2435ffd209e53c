#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

namespace portolan::telemetry {

// In this order: a threshold lets its own level and those before it pass.
enum class LogLevel : uint8_t { kError, kWarn, kInfo, kDebug };

// The log level in force, which an operator may change at any time. Thread-safe.
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
