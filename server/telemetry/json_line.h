#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "server/telemetry/log_level.h"

namespace portolan::telemetry {

// Turns the wall clock into `2026-11-22T22:35:02.123Z` (RFC 3339, UTC). Remembers the last second, as lines
// of a log follow each other closely. Not thread-safe.
class TimestampFormatter {
 public:
  static constexpr size_t kLength = 24;
  void Format(std::chrono::system_clock::time_point time, char* out);  // writes kLength characters

 private:
  int64_t second_ = INT64_MIN;
  char text_[kLength];
};

// Writes one JSON object on one line into a buffer of fixed size. A value that finds no room is cut, a member
// that finds none is left out: the line is always one whole, valid object.
class JsonLine {
 public:
  static constexpr size_t kMaxText = 256;  // bytes of a text value; the rest is cut and an ellipsis put there

  // REQUIRES: buffer.size() >= 128.
  JsonLine(std::span<char> buffer, std::string_view timestamp, LogLevel level);

  // For values that need no escaping: constants and what is made here. Left out whole if it finds no room.
  void Plain(std::string_view key, std::string_view value);

  // Keys must need no escaping. Bytes that are not UTF-8 become U+FFFD.
  void Text(std::string_view key, std::string_view value, size_t limit = kMaxText);
  void Integer(std::string_view key, int64_t value);
  void Unsigned(std::string_view key, uint64_t value);
  void Bool(std::string_view key, bool value);
  void Real(std::string_view key, double value);  // null if it is not finite
  // Milliseconds with the microseconds as decimals: `12.345`.
  void Millis(std::string_view key, std::chrono::nanoseconds value);

  // The whole line with its line feed.
  std::string_view Finish();

 private:
  bool Key(std::string_view key, size_t value_room);
  void Escape(std::string_view value);
  size_t room() const { return static_cast<size_t>(end_ - at_); }

  char* const begin_;
  char* at_;
  char* const end_;  // room for the end of the line is kept behind it
};

}  // namespace portolan::telemetry
