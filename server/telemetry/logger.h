#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>
#include <variant>

#include "server/telemetry/log_level.h"
#include "server/telemetry/log_writer.h"

namespace portolan::telemetry {

// A member of a log line: `{"address", "127.0.0.1:8787"}`, `{"shards", 4}`. Views must stay valid during the
// call.
struct LogField {
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  template <std::signed_integral T>
  LogField(std::string_view k, T v) : key(k), value(int64_t{v}) {}
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  LogField(std::string_view k, T v) : key(k), value(uint64_t{v}) {}

  std::string_view key;  // must need no escaping in JSON
  std::variant<std::string_view, int64_t, uint64_t, double, bool> value;
};

// Logs what the gateway does besides serving calls: starting, listening, reloading, failing. Lines look like
// the access log's: {"ts":"…","level":"warn","msg":"…",…}. Thread-safe; takes a lock, so not for every call.
// A message is cut at 2 KB, a field at 1 KB. Never pass it a secret, a prompt or an answer.
class Logger {
 public:
  Logger(LogWriter& writer, const LogThreshold& threshold) : writer_(writer), threshold_(threshold) {}

  using Fields = std::initializer_list<LogField>;
  void Error(std::string_view message, Fields fields = {}) { Log(LogLevel::kError, message, fields); }
  void Warn(std::string_view message, Fields fields = {}) { Log(LogLevel::kWarn, message, fields); }
  void Info(std::string_view message, Fields fields = {}) { Log(LogLevel::kInfo, message, fields); }
  void Debug(std::string_view message, Fields fields = {}) { Log(LogLevel::kDebug, message, fields); }

  bool enabled(LogLevel level) const { return threshold_.Passes(level); }
  void Log(LogLevel level, std::string_view message, Fields fields) {
    Log(level, message, fields, std::chrono::system_clock::now());
  }
  void Log(LogLevel level, std::string_view message, Fields fields,
           std::chrono::system_clock::time_point now);

 private:
  LogWriter& writer_;
  const LogThreshold& threshold_;
};

}  // namespace portolan::telemetry
