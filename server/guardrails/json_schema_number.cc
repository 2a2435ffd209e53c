// Arithmetic of JSON Schema on numbers.

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "server/guardrails/json_schema_nodes.h"

namespace portolan::guardrails::schema {
namespace {

// digits * 10^exponent. The shortest decimal that means a double has 17 digits at most.
struct Decimal {
  uint64_t digits = 0;
  int exponent = 0;
};

Decimal ToDecimal(const Json& number) {
  if (number.is_number_unsigned()) return {number.get<uint64_t>(), 0};
  if (number.is_number_integer()) {
    const int64_t value = number.get<int64_t>();
    return {value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value), 0};
  }
  std::array<char, 40> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(),
                                          std::abs(number.get<double>()), std::chars_format::scientific);
  if (error != std::errc()) return {};
  Decimal decimal;
  bool fraction = false;
  const char* at = text.data();
  for (; at != end && *at != 'e'; ++at) {
    if (*at == '.') {
      fraction = true;
    } else if (*at >= '0' && *at <= '9') {
      decimal.digits = decimal.digits * 10 + static_cast<uint64_t>(*at - '0');
      if (fraction) --decimal.exponent;
    }
  }
  if (at != end) {
    const char* const from = at + (end - at > 1 && at[1] == '+' ? 2 : 1);
    int exponent = 0;
    std::from_chars(from, end, exponent);
    decimal.exponent += exponent;
  }
  return decimal;
}

__extension__ typedef unsigned __int128 Wide;

uint64_t PowerOfTenModulo(int exponent, uint64_t modulus) {
  Wide result = 1 % modulus;
  for (int i = 0; i < exponent; ++i) result = result * 10 % modulus;
  return static_cast<uint64_t>(result);
}

}  // namespace

bool IsMultiple(const Json& value, const Json& divisor) {
  const Decimal a = ToDecimal(value);
  const Decimal b = ToDecimal(divisor);
  if (a.digits == 0) return true;
  if (b.digits == 0) return false;
  const int shift = a.exponent - b.exponent;
  if (shift >= 0) {
    const Wide product = static_cast<Wide>(a.digits % b.digits) * PowerOfTenModulo(shift, b.digits);
    return product % b.digits == 0;
  }
  // The divisor, times a power of ten; from 10^19 on that is more than a.digits can be a multiple of.
  if (shift < -19) return false;
  Wide scaled = b.digits;
  for (int i = 0; i > shift; --i) scaled *= 10;
  return a.digits % scaled == 0;
}

bool IsWhole(const Json& number) {
  if (number.is_number_integer()) return true;
  const double value = number.get<double>();
  return std::isfinite(value) && std::floor(value) == value;
}

int Compare(const Json& a, const Json& b) {
  if (a == b) return 0;
  return a < b ? -1 : 1;
}

}  // namespace portolan::guardrails::schema
