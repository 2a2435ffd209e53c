#include "server/codec/number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

namespace portolan::codec {
namespace {

constexpr size_t kMaxIntegerDigits = 20;  // of 2^64
constexpr int64_t kMaxDurationSeconds = 315'576'000'000;
constexpr int32_t kNanosPerSecond = 1'000'000'000;

// The exponent's value, clamped: beyond a few hundred million it makes no difference.
int64_t ParseExponent(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  int64_t value = 0;
  for (const char c : text) value = std::min<int64_t>(value * 10 + (c - '0'), int64_t{1} << 40);
  return negative ? -value : value;
}

// Rewrites a number with a fraction or an exponent as the plain integer that it equals.
NumberError PlainInteger(std::string_view text, std::array<char, kMaxIntegerDigits + 2>* buffer,
                         size_t* size) {
  const bool negative = text[0] == '-';
  if (negative) text.remove_prefix(1);
  const size_t exponent_at = text.find_first_of("eE");
  int64_t exponent = 0;
  if (exponent_at != std::string_view::npos) exponent = ParseExponent(text.substr(exponent_at + 1));
  std::string_view whole = text.substr(0, exponent_at);
  std::string_view fraction;
  if (const size_t point = whole.find('.'); point != std::string_view::npos) {
    fraction = whole.substr(point + 1);
    whole = whole.substr(0, point);
  }
  while (fraction.ends_with('0')) fraction.remove_suffix(1);
  if (fraction.empty()) {
    while (whole.ends_with('0')) {
      whole.remove_suffix(1);
      ++exponent;
    }
  }
  exponent -= static_cast<int64_t>(fraction.size());
  if (whole == "0") whole = {};
  if (whole.empty()) {
    while (fraction.starts_with('0')) fraction.remove_prefix(1);
  }
  const size_t digits = whole.size() + fraction.size();
  size_t at = 0;
  if (negative && digits != 0) (*buffer)[at++] = '-';
  if (digits == 0) {
    (*buffer)[at++] = '0';
    *size = at;
    return NumberError::kNone;
  }
  if (exponent < 0) return NumberError::kNotInteger;
  if (static_cast<int64_t>(digits) + exponent > static_cast<int64_t>(kMaxIntegerDigits)) {
    return NumberError::kOutOfRange;
  }
  for (const std::string_view part : {whole, fraction}) {
    at = static_cast<size_t>(std::copy(part.begin(), part.end(), buffer->begin() + at) - buffer->begin());
  }
  for (; exponent > 0; --exponent) (*buffer)[at++] = '0';
  *size = at;
  return NumberError::kNone;
}

template <typename T>
NumberError ParseIntegerAs(std::string_view text, T* value) {
  // Most are digits alone.
  const auto plain = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (plain.ec == std::errc() && plain.ptr == text.data() + text.size()) return NumberError::kNone;
  std::array<char, kMaxIntegerDigits + 2> buffer;
  if (text.find_first_of(".eE") != std::string_view::npos || text == "-0") {
    size_t size = 0;
    if (const NumberError error = PlainInteger(text, &buffer, &size); error != NumberError::kNone)
      return error;
    text = std::string_view(buffer.data(), size);
  }
  const auto result = std::from_chars(text.data(), text.data() + text.size(), *value);
  // The grammar was checked: an unsigned type's refusal of a minus is the only other error, and it is a range
  // too.
  return result.ec == std::errc() ? NumberError::kNone : NumberError::kOutOfRange;
}

// The power of ten of a number's leading digit, roughly: enough to tell too small from too large.
int64_t DecimalMagnitude(std::string_view text) {
  const size_t exponent_at = text.find_first_of("eE");
  const int64_t exponent =
      exponent_at == std::string_view::npos ? 0 : ParseExponent(text.substr(exponent_at + 1));
  const std::string_view mantissa = text.substr(0, exponent_at);
  const size_t point = std::min(mantissa.find('.'), mantissa.size());
  const size_t leading = std::min(mantissa.find_first_of("123456789"), mantissa.size());
  return static_cast<int64_t>(point) - static_cast<int64_t>(leading) + exponent;
}

template <typename T>
NumberError ParseRealAs(std::string_view text, T* value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (result.ec == std::errc()) return NumberError::kNone;
  if (DecimalMagnitude(text) > 0) return NumberError::kOutOfRange;
  *value = text[0] == '-' ? T{-0.0} : T{0};
  return NumberError::kNone;
}

constexpr size_t kLongest = 32;

template <typename T>
void AppendInteger(T value, std::string* out) {
  std::array<char, kLongest> buffer;
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  out->append(buffer.data(), result.ptr);
}

template <typename T>
void AppendReal(T value, std::string* out) {
  if (!std::isfinite(value)) {
    out->append("null");
    return;
  }
  std::array<char, kLongest> buffer;
  out->append(buffer.data(), WriteReal(value, buffer.data()));
}

// A number of at most six decimals as people write them, if `value` is one: the quotient of two integers that
// a double holds is rounded as the decimal itself would be, and no other decimal of so few digits is the same
// double. Within these bounds the plain form is the shortest. nullptr: it is none.
char* WriteFewDecimals(double value, char* at) {
  constexpr uint32_t kUnit = 1'000'000;
  if (!(value >= 0.001 && value < 1000)) return nullptr;
  const auto units = static_cast<uint32_t>(value * kUnit + 0.5);
  if (static_cast<double>(units) / kUnit != value) return nullptr;
  at = std::to_chars(at, at + kLongest, units / kUnit).ptr;
  uint32_t rest = units % kUnit;
  if (rest == 0) return at;
  *at++ = '.';
  for (uint32_t place = kUnit / 10; rest != 0; rest %= place, place /= 10) {
    *at++ = static_cast<char>('0' + rest / place);
  }
  return at;
}

}  // namespace

NumberError ParseInteger(std::string_view text, int64_t* value) { return ParseIntegerAs(text, value); }
NumberError ParseInteger(std::string_view text, uint64_t* value) { return ParseIntegerAs(text, value); }
NumberError ParseInteger(std::string_view text, int32_t* value) { return ParseIntegerAs(text, value); }
NumberError ParseInteger(std::string_view text, uint32_t* value) { return ParseIntegerAs(text, value); }
NumberError ParseReal(std::string_view text, double* value) { return ParseRealAs(text, value); }
NumberError ParseReal(std::string_view text, float* value) { return ParseRealAs(text, value); }

void AppendNumber(int64_t value, std::string* out) { AppendInteger(value, out); }
void AppendNumber(uint64_t value, std::string* out) { AppendInteger(value, out); }

void AppendNumber(double value, std::string* out) { AppendReal(value, out); }
void AppendNumber(float value, std::string* out) { AppendReal(value, out); }

char* WriteReal(double value, char* at) {
  char* const end = WriteFewDecimals(value, at);
  return end != nullptr ? end : std::to_chars(at, at + kLongest, value).ptr;
}

char* WriteReal(float value, char* at) { return std::to_chars(at, at + kLongest, value).ptr; }

bool IsValidDuration(int64_t seconds, int32_t nanos) {
  if (seconds < -kMaxDurationSeconds || seconds > kMaxDurationSeconds) return false;
  if (nanos <= -kNanosPerSecond || nanos >= kNanosPerSecond) return false;
  return seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0);
}

bool ParseDuration(std::string_view text, int64_t* seconds, int32_t* nanos) {
  if (!text.ends_with('s')) return false;
  text.remove_suffix(1);
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == text.size() ? std::string_view() : text.substr(point + 1);
  if (point != text.size() && fraction.empty()) return false;
  if (whole.empty() || whole.size() > 12 || fraction.size() > 9) return false;
  *seconds = 0;
  *nanos = 0;
  for (const char c : whole) {
    if (c < '0' || c > '9') return false;
    *seconds = *seconds * 10 + (c - '0');
  }
  for (size_t i = 0; i < 9; ++i) {
    const char c = i < fraction.size() ? fraction[i] : '0';
    if (c < '0' || c > '9') return false;
    *nanos = *nanos * 10 + (c - '0');
  }
  if (negative) {
    *seconds = -*seconds;
    *nanos = -*nanos;
  }
  return IsValidDuration(*seconds, *nanos);
}

void AppendDuration(int64_t seconds, int32_t nanos, std::string* out) {
  out->push_back('"');
  if (seconds < 0 || nanos < 0) out->push_back('-');
  AppendNumber(seconds < 0 ? -seconds : seconds, out);
  if (nanos != 0) {
    std::string digits = std::to_string(kNanosPerSecond + (nanos < 0 ? -nanos : nanos));
    while (digits.ends_with('0')) digits.pop_back();
    digits[0] = '.';
    out->append(digits);
  }
  out->append("s\"");
}

}  // namespace portolan::codec
