#include "server/config/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "server/base/host.h"
#include "server/base/text.h"

namespace portolan::config {
namespace {

// Splits `12.5ms` into its number and its unit.
bool ParseNumberWithUnit(std::string_view text, double* number, std::string_view* unit) {
  if (text.empty() || !IsDigit(text[0])) return false;
  const auto result =
      std::from_chars(text.data(), text.data() + text.size(), *number, std::chars_format::fixed);
  if (result.ec != std::errc()) return false;
  *unit = text.substr(static_cast<size_t>(result.ptr - text.data()));
  return true;
}

}  // namespace

bool ParseDuration(std::string_view text, std::chrono::milliseconds* value, std::string* problem) {
  struct Unit {
    std::string_view name;
    double millis;
  };
  static constexpr std::array<Unit, 4> kUnits = {{{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}}};
  double number;
  std::string_view name;
  if (ParseNumberWithUnit(text, &number, &name)) {
    double millis = -1;
    if (name.empty() && number == 0) millis = 0;
    for (const Unit& unit : kUnits) {
      if (unit.name == name) millis = number * unit.millis;
    }
    if (millis > std::numeric_limits<int32_t>::max()) {
      *problem = "the time is too long (at most 24 days)";
      return false;
    }
    if (millis >= 0) {
      *value = std::chrono::milliseconds(std::llround(millis));
      return true;
    }
  }
  *problem = "a time is a number with its unit: 500ms, 30s, 2m or 1h";
  return false;
}

bool ParseSize(std::string_view text, uint64_t* value, std::string* problem) {
  struct Unit {
    std::string_view name;
    double bytes;
  };
  static constexpr std::array<Unit, 8> kUnits = {{{"", 1},
                                                  {"b", 1},
                                                  {"kb", 0x1p10},
                                                  {"kib", 0x1p10},
                                                  {"mb", 0x1p20},
                                                  {"mib", 0x1p20},
                                                  {"gb", 0x1p30},
                                                  {"gib", 0x1p30}}};
  double number;
  std::string_view name;
  if (ParseNumberWithUnit(text, &number, &name)) {
    const std::string lower = LowerCase(name);
    for (const Unit& unit : kUnits) {
      if (unit.name != lower) continue;
      if (number * unit.bytes > 0x1p40) {
        *problem = "the size is too large (at most 1024GB)";
        return false;
      }
      *value = static_cast<uint64_t>(number * unit.bytes);
      return true;
    }
  }
  *problem = "a size is a number of bytes or has a unit: 65536, 64KB, 64MB or 1GB";
  return false;
}

bool ParseInteger(std::string_view text, int least, int most, int* value, std::string* problem) {
  int number;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec == std::errc() && result.ptr == text.data() + text.size() && number >= least &&
      number <= most) {
    *value = number;
    return true;
  }
  *problem = "it must be a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  return false;
}

bool ParseBool(std::string_view text, bool* value, std::string* problem) {
  const std::string lower = LowerCase(text);
  for (const std::string_view yes : {"true", "1", "yes", "on"}) {
    if (lower == yes) return *value = true;
  }
  for (const std::string_view no : {"false", "0", "no", "off"}) {
    if (lower == no) {
      *value = false;
      return true;
    }
  }
  *problem = "it must be true or false";
  return false;
}

bool ParseOrigin(std::string_view text, std::string* value, std::string* problem) {
  *problem = "an origin is a scheme, a host and perhaps a port, with nothing behind: https://app.example";
  if (text == "*") {
    *problem = "every web page could spend your keys then; list the origins one by one";
    return false;
  }
  const size_t scheme_end = text.find("://");
  if (scheme_end == 0 || scheme_end == std::string_view::npos) return false;
  const std::string_view scheme = text.substr(0, scheme_end);
  const bool fit = std::all_of(scheme.begin(), scheme.end(),
                               [](char c) { return IsLetterOrDigit(c) || c == '-' || c == '+' || c == '.'; });
  HostParts parts;
  std::string host;
  std::string ignored;
  if (!fit || !SplitHostPort(text.substr(scheme_end + 3), &parts, &ignored)) return false;
  if (parts.port && ParsePort(*parts.port).value_or(0) == 0) return false;
  if (!ParseHost(parts.host, &host, &ignored)) return false;
  *value = LowerCase(text);
  return true;
}

}  // namespace portolan::config
