#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "server/telemetry/log_level.h"

namespace portolan::telemetry {

// Writes times as `2026-11-22T22:35:02.123Z` (RFC 3339, UTC). Remembers the last second, as the lines of a
// log follow each other closely. Not thread-safe.
class TimestampFormatter {
 public:
  static constexpr size_t kLength = 24;
  void Format(std::chrono::system_clock::time_point time, char* out);  // writes kLength characters

 private:
  int64_t second_ = INT64_MIN;
  char text_[kLength];
};

// A member's name as it is written, `,"name":`, in a buffer of fixed size, so that copying it takes two
// moves. Make it a constant where it is written often.
class JsonKey {
 public:
  static constexpr size_t kWidth = 32;

  // NOLINTNEXTLINE(google-explicit-constructor): names are written as they are.
  constexpr JsonKey(std::string_view name) {
    const size_t length = name.size() < kWidth - 4 ? name.size() : kWidth - 4;
    text_[0] = ',';
    text_[1] = '"';
    for (size_t i = 0; i < length; ++i) text_[2 + i] = name[i];
    text_[2 + length] = '"';
    text_[3 + length] = ':';
    size_ = length + 4;
  }
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr JsonKey(const char* name) : JsonKey(std::string_view(name)) {}

 private:
  friend class JsonLine;
  char text_[kWidth] = {};
  size_t size_ = 0;
};

// Writes one JSON object as one line into a buffer of fixed size, which must outlive it. A value that does
// not fit is cut, a member that does not fit is left out: the line is always one whole, valid object.
class JsonLine {
 public:
  // Bytes of a text value; longer ones are cut and end in an ellipsis.
  static constexpr size_t kMaxText = 256;

  // REQUIRES: buffer.size() >= 128.
  JsonLine(std::span<char> buffer, std::string_view timestamp, LogLevel level);

  // Adds a value that needs no escaping: a constant, or text made by this program. Left out if it does not
  // fit whole.
  void Plain(const JsonKey& key, std::string_view value);

  // Each adds a member. Keys must need no escaping and have at most 28 bytes. In texts, bytes that are not
  // UTF-8 become U+FFFD.
  void Text(const JsonKey& key, std::string_view value, size_t limit = kMaxText);
  void Integer(const JsonKey& key, int64_t value);
  void Unsigned(const JsonKey& key, uint64_t value);
  void Bool(const JsonKey& key, bool value);
  void Real(const JsonKey& key, double value);  // null if it is not finite
  // Adds `value` as milliseconds with three decimals: `12.345`.
  void Millis(const JsonKey& key, std::chrono::nanoseconds value);

  // Ends the object and returns the whole line with its line feed.
  std::string_view Finish();

 private:
  bool Key(const JsonKey& key, size_t value_room);
  void Escape(std::string_view value);
  size_t room() const { return static_cast<size_t>(end_ - at_); }

  char* const begin_;
  char* at_;
  char* const end_;  // room for the end of the line is kept behind it
};

}  // namespace portolan::telemetry
