#pragma once

// Reads the values of flags and variables. Each function returns false for a value that it cannot take, with
// the reason in *problem: a clause to follow the name and value of the flag in a message.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace portolan::config {

// Durations: `500ms`, `30s`, `2m`, `1h`, `0`, with or without decimals (`1.5s`), up to 24 days.
bool ParseDuration(std::string_view text, std::chrono::milliseconds* value, std::string* problem);

// Sizes in bytes: `1048576`, `64KB`, `64MB`, `1GB`, with or without an `i` (`64MiB`). All units are powers of
// 1024. Case does not matter.
bool ParseSize(std::string_view text, uint64_t* value, std::string* problem);

// A whole number from `least` to `most`.
bool ParseInteger(std::string_view text, int least, int most, int* value, std::string* problem);

// `true`, `1`, `yes`, `on` and their opposites.
bool ParseBool(std::string_view text, bool* value, std::string* problem);

// What a browser sends as Origin: `https://app.example`, `http://localhost:3000`. *value gets it in lower
// case.
bool ParseOrigin(std::string_view text, std::string* value, std::string* problem);

}  // namespace portolan::config
