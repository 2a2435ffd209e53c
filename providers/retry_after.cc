#include "providers/retry_after.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <string>

namespace portolan::providers {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongest = std::chrono::hours(24 * 365);
// Where the `date` header itself has two digits for its year.
constexpr int64_t kYear2000 = 946684800;

// Digits only.
std::optional<int64_t> ParseNumber(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.starts_with('-')) return std::nullopt;
  if (error == std::errc::result_out_of_range) return INT64_MAX;
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

milliseconds Milliseconds(int64_t count) { return milliseconds(std::min(count, int64_t{kLongest.count()})); }
milliseconds Seconds(int64_t count) {
  return Milliseconds(std::min<int64_t>(count, kLongest.count()) * 1000);
}

int64_t MonthNamed(std::string_view name) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return std::find(kMonths.begin(), kMonths.end(), name) - kMonths.begin() + 1;
}

// `hh:mm:ss`; 60 seconds are a leap second.
std::optional<int64_t> SecondOfDay(std::string_view text) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  const auto hour = ParseNumber(text.substr(0, 2));
  const auto minute = ParseNumber(text.substr(3, 2));
  const auto second = ParseNumber(text.substr(6, 2));
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return *hour * 3600 + *minute * 60 + *second;
}

std::optional<int64_t> Epoch(std::optional<int64_t> year, int64_t month, std::optional<int64_t> day,
                             std::string_view time) {
  const auto seconds = SecondOfDay(time);
  if (!year || !day || !seconds || *year > 9999 || month < 1 || month > 12 || *day > 31) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * int64_t{86400} + *seconds;
}

// `06 Nov 1994 08:49:37 GMT`
std::optional<int64_t> ParseFixed(std::string_view text) {
  if (text.size() != 24 || text[2] != ' ' || text[6] != ' ' || text[11] != ' ' || !text.ends_with(" GMT")) {
    return std::nullopt;
  }
  return Epoch(ParseNumber(text.substr(7, 4)), MonthNamed(text.substr(3, 3)), ParseNumber(text.substr(0, 2)),
               text.substr(12, 8));
}

// `06-Nov-94 08:49:37 GMT`
std::optional<int64_t> ParseRfc850(std::string_view text, int64_t now) {
  if (text.size() != 22 || text[2] != '-' || text[6] != '-' || text[9] != ' ' || !text.ends_with(" GMT")) {
    return std::nullopt;
  }
  auto year = ParseNumber(text.substr(7, 2));
  if (!year) return std::nullopt;
  const int64_t latest = 1970 + now / 31556952 + 50;
  *year = latest - (((latest - *year) % 100 + 100) % 100);
  return Epoch(year, MonthNamed(text.substr(3, 3)), ParseNumber(text.substr(0, 2)), text.substr(10, 8));
}

// `Nov  6 08:49:37 1994`
std::optional<int64_t> ParseAsctime(std::string_view text) {
  if (text.size() != 20 || text[3] != ' ' || text[6] != ' ' || text[15] != ' ') return std::nullopt;
  return Epoch(ParseNumber(text.substr(16)), MonthNamed(text.substr(0, 3)),
               ParseNumber(text.substr(text[4] == ' ' ? 5 : 4, text[4] == ' ' ? 1 : 2)), text.substr(7, 8));
}

// `6m0s`, `1.25s`, `20ms`: numbers with units.
std::optional<milliseconds> ParseDuration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double ms;
  };
  constexpr std::array<Unit, 8> kUnits = {{{"d", 86'400'000},
                                           {"h", 3'600'000},
                                           {"m", 60'000},
                                           {"s", 1000},
                                           {"ms", 1},
                                           {"us", 1e-3},
                                           {"\u00b5s", 1e-3},
                                           {"ns", 1e-6}}};
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || !std::isfinite(number) || std::signbit(number)) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    const std::string_view name = text.substr(0, text.find_first_of("0123456789."));
    const auto* unit =
        std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& one) { return one.name == name; });
    if (unit == kUnits.end()) return std::nullopt;
    text.remove_prefix(name.size());
    total += number * unit->ms;
  }
  return milliseconds(
      static_cast<int64_t>(std::ceil(std::min(total, static_cast<double>(kLongest.count())))));
}

std::optional<int64_t> Now(std::span<const HeaderView> headers) {
  return ParseHttpDate(FindHeader(headers, "date").value_or(""), kYear2000);
}

milliseconds Between(int64_t now, int64_t until) { return Seconds(std::max<int64_t>(until - now, 0)); }

// When the limit is reset whose remaining number stands in `header`; nullopt if that is no such header or
// unknown.
std::optional<milliseconds> ResetOf(const HeaderView& header, std::span<const HeaderView> headers) {
  constexpr std::string_view kOpenAi = "x-ratelimit-remaining-";
  constexpr std::string_view kAnthropic = "anthropic-ratelimit-";
  constexpr std::string_view kRemaining = "-remaining";
  std::string_view kind = header.name;
  if (kind.starts_with(kOpenAi)) {
    kind.remove_prefix(kOpenAi.size());
    const auto reset = FindHeader(headers, "x-ratelimit-reset-" + std::string(kind));
    return reset ? ParseDuration(*reset) : std::nullopt;
  }
  if (!kind.starts_with(kAnthropic) || !kind.ends_with(kRemaining)) return std::nullopt;
  kind.remove_suffix(kRemaining.size());
  const auto reset = FindHeader(headers, std::string(kind) + "-reset");
  const auto until = reset ? ParseTimestamp(*reset) : std::nullopt;
  const auto now = Now(headers);
  if (!until || !now) return std::nullopt;
  return Between(*now, *until);
}

}  // namespace

std::optional<int64_t> ParseTimestamp(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't')) {
    return std::nullopt;
  }
  const auto local = Epoch(ParseNumber(text.substr(0, 4)), ParseNumber(text.substr(5, 2)).value_or(0),
                           ParseNumber(text.substr(8, 2)), text.substr(11, 8));
  text.remove_prefix(19);
  if (text[0] == '.') text.remove_prefix(std::min(text.find_first_not_of("0123456789", 1), text.size()));
  if (!local || text == "Z" || text == "z") return local;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = ParseNumber(text.substr(1, 2));
  const auto minutes = ParseNumber(text.substr(4, 2));
  if (!hours || !minutes) return std::nullopt;
  const int64_t offset = *hours * 3600 + *minutes * 60;
  return text[0] == '+' ? *local - offset : *local + offset;
}

std::optional<int64_t> ParseHttpDate(std::string_view text, int64_t now) {
  // The name of the day says nothing new.
  const size_t end = text.find_first_of(", ");
  if (end == std::string_view::npos || end < 3) return std::nullopt;
  const bool comma = text[end] == ',';
  text.remove_prefix(end + 1);
  if (!comma) return ParseAsctime(text);
  if (!text.starts_with(' ')) return std::nullopt;
  text.remove_prefix(1);
  return end == 3 ? ParseFixed(text) : ParseRfc850(text, now);
}

std::optional<milliseconds> RetryAfter(std::span<const HeaderView> headers) {
  for (const std::string_view name : {"retry-after-ms", "x-ms-retry-after-ms"}) {
    const auto ms = ParseNumber(FindHeader(headers, name).value_or(""));
    if (ms) return Milliseconds(*ms);
  }
  const std::string_view value = FindHeader(headers, "retry-after").value_or("");
  if (const auto seconds = ParseNumber(value)) return Seconds(*seconds);
  const auto now = Now(headers);
  const auto until = now ? ParseHttpDate(value, *now) : std::nullopt;
  if (!until) return std::nullopt;
  return Between(*now, *until);
}

std::optional<milliseconds> RateLimitReset(std::span<const HeaderView> headers) {
  std::optional<milliseconds> longest;
  for (const HeaderView& header : headers) {
    if (header.value != "0") continue;
    const auto reset = ResetOf(header, headers);
    if (reset && (!longest || *reset > *longest)) longest = reset;
  }
  return longest;
}

}  // namespace portolan::providers
