#include "providers/classify.h"

#include <array>
#include <charconv>

#include "server/codec/json_reader.h"

namespace portolan::providers {
namespace {

using codec::JsonReader;
using codec::JsonType;

std::optional<int64_t> ParseNumber(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// Days from 1970-01-01 of a date of the Gregorian calendar.
int64_t DaysFromCivil(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

std::string ReadScalar(JsonReader& reader) {
  std::string scratch;
  std::string_view text;
  switch (reader.Peek()) {
    case JsonType::kString:
      reader.ReadString(&text, &scratch, codec::LoneSurrogate::kReplace);
      return std::string(text);
    case JsonType::kNumber:
    case JsonType::kBool:
      reader.Skip(&text);
      return std::string(text);
    default:
      reader.Skip();
      return {};
  }
}

void ReadMembers(JsonReader& reader, ErrorMembers* out) {
  reader.EnterObject();
  std::string scratch;
  std::string_view name;
  while (reader.NextMember(&name, &scratch)) {
    if (name == "message") {
      out->message = ReadScalar(reader);
    } else if (name == "type") {
      out->type = ReadScalar(reader);
    } else if (name == "code") {
      out->code = ReadScalar(reader);
    } else if (name == "param") {
      out->param = ReadScalar(reader);
    } else {
      reader.Skip();
    }
  }
}

}  // namespace

std::optional<int64_t> ParseHttpDate(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return std::nullopt;
  if (text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':')
    return std::nullopt;
  int64_t month = 0;
  for (size_t i = 0; i < kMonths.size(); ++i) {
    if (text.substr(8, 3) == kMonths[i]) month = static_cast<int64_t>(i) + 1;
  }
  const auto day = ParseNumber(text.substr(5, 2));
  const auto year = ParseNumber(text.substr(12, 4));
  const auto hour = ParseNumber(text.substr(17, 2));
  const auto minute = ParseNumber(text.substr(20, 2));
  const auto second = ParseNumber(text.substr(23, 2));
  if (month == 0 || !day || !year || !hour || !minute || !second) return std::nullopt;
  if (*day < 1 || *day > 31 || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return DaysFromCivil(*year, month, *day) * 86400 + *hour * 3600 + *minute * 60 + *second;
}

std::optional<std::chrono::milliseconds> RetryAfter(std::span<const HeaderView> headers) {
  for (const std::string_view name : {"retry-after-ms", "x-ms-retry-after-ms"}) {
    if (const auto value = FindHeader(headers, name)) {
      if (const auto ms = ParseNumber(*value)) return std::chrono::milliseconds(*ms);
    }
  }
  const auto value = FindHeader(headers, "retry-after");
  if (!value) return std::nullopt;
  if (const auto seconds = ParseNumber(*value)) return std::chrono::seconds(*seconds);
  const auto until = ParseHttpDate(*value);
  const auto now = ParseHttpDate(FindHeader(headers, "date").value_or(""));
  if (!until || !now) return std::nullopt;
  return std::chrono::seconds(*until > *now ? *until - *now : 0);
}

void ClassifyStatus(int http_status, std::span<const HeaderView> headers, const Target& target,
                    Error* error) {
  error->http_status = http_status;
  error->error_class = ErrorClass::kProvider;
  const bool refused_key = http_status == 401 || http_status == 403;
  const bool wrong_request =
      http_status == 400 || http_status == 404 || http_status == 413 || http_status == 422;
  if (wrong_request || (refused_key && target.key_from_caller)) error->error_class = ErrorClass::kCaller;
  error->retryable = http_status == 408 || http_status == 409 || http_status == 429 || http_status >= 500;
  error->retry_after = RetryAfter(headers);
  if (error->message.empty()) {
    error->message =
        std::string(target.provider->name()) + " answered with status " + std::to_string(http_status);
  }
}

bool ReadErrorMembers(std::string_view body, std::string_view object, ErrorMembers* out) {
  JsonReader reader(body);
  if (reader.Peek() != JsonType::kObject) return false;
  if (object.empty()) {
    ReadMembers(reader, out);
    return reader.AtEnd() && !out->message.empty();
  }
  reader.EnterObject();
  std::string scratch;
  std::string_view name;
  while (reader.NextMember(&name, &scratch)) {
    if (name != object) {
      reader.Skip();
    } else if (reader.Peek() == JsonType::kObject) {
      ReadMembers(reader, out);
    } else if (reader.Peek() == JsonType::kString) {
      out->message = ReadScalar(reader);
    } else {
      reader.Skip();
    }
  }
  return reader.AtEnd() && !out->message.empty();
}

}  // namespace portolan::providers
