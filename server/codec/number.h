#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace portolan::codec {

enum class NumberError : uint8_t { kNone, kNotInteger, kOutOfRange };

// Reads `text`, a number by JSON's grammar. An integer may be spelt with a fraction or an exponent as long as
// its value is whole: 1.0, 1e3, 12.5e1.
NumberError ParseInteger(std::string_view text, int64_t* value);
NumberError ParseInteger(std::string_view text, uint64_t* value);
NumberError ParseInteger(std::string_view text, int32_t* value);
NumberError ParseInteger(std::string_view text, uint32_t* value);
// Rounds to the nearest. A number too small becomes zero, one too large is out of range.
NumberError ParseReal(std::string_view text, double* value);
NumberError ParseReal(std::string_view text, float* value);

// Writes the shortest text that reads back as `value` to `at` and returns its end. REQUIRES: `value` is
// finite; `at` has room for 32 bytes.
char* WriteReal(double value, char* at);
char* WriteReal(float value, char* at);

// Each appends the shortest text that reads back as the same value. Reals that JSON cannot write (NaN,
// infinity) become null.
void AppendNumber(int64_t value, std::string* out);
void AppendNumber(uint64_t value, std::string* out);
void AppendNumber(double value, std::string* out);
void AppendNumber(float value, std::string* out);

// A google.protobuf.Duration as protobuf's JSON mapping writes it, `1.5s`, within ±315,576,000,000 seconds.
bool ParseDuration(std::string_view text, int64_t* seconds, int32_t* nanos);
bool IsValidDuration(int64_t seconds, int32_t nanos);
void AppendDuration(int64_t seconds, int32_t nanos, std::string* out);

}  // namespace portolan::codec
