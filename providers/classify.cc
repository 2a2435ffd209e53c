#include "providers/classify.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "server/codec/json_reader.h"

namespace portolan::providers {
namespace {

using codec::JsonReader;
using codec::JsonType;

constexpr size_t kLongMessage = 1000;

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

// `["body","tools",0]` as `body.tools.0`.
std::string ReadPlace(JsonReader& reader) {
  std::string place;
  if (reader.Peek() != JsonType::kArray) return ReadScalar(reader);
  reader.EnterArray();
  while (reader.NextElement()) {
    const std::string step = ReadScalar(reader);
    if (!place.empty()) place += '.';
    place += step;
  }
  return place;
}

// One problem of a list, behind those that are in `out` already.
void ReadProblem(JsonReader& reader, ErrorMembers* out) {
  std::string place;
  std::string problem;
  std::string scratch;
  std::string_view name;
  reader.EnterObject();
  while (reader.NextMember(&name, &scratch)) {
    if (name == "loc") {
      place = ReadPlace(reader);
    } else if (name == "msg" || name == "message") {
      problem = ReadScalar(reader);
    } else {
      reader.Skip();
    }
  }
  if (problem.empty() || out->message.size() > kLongMessage) return;
  if (!out->message.empty()) out->message += "; ";
  if (!place.empty()) out->message += place + ": ";
  out->message += problem;
}

void ReadProblems(JsonReader& reader, ErrorMembers* out) {
  reader.EnterArray();
  while (reader.NextElement()) {
    if (reader.Peek() == JsonType::kObject) {
      ReadProblem(reader, out);
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
  // No sum of it with a point in time overflows.
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 365);
  for (const std::string_view name : {"retry-after-ms", "x-ms-retry-after-ms"}) {
    if (const auto value = FindHeader(headers, name)) {
      if (const auto ms = ParseNumber(*value)) return std::min(std::chrono::milliseconds(*ms), kLongest);
    }
  }
  const auto value = FindHeader(headers, "retry-after");
  if (!value) return std::nullopt;
  if (const auto seconds = ParseNumber(*value)) {
    return std::chrono::seconds(std::min<int64_t>(*seconds, kLongest / std::chrono::seconds(1)));
  }
  const auto until = ParseHttpDate(*value);
  const auto now = ParseHttpDate(FindHeader(headers, "date").value_or(""));
  if (!until || !now) return std::nullopt;
  return std::clamp<std::chrono::milliseconds>(std::chrono::seconds(*until - *now),
                                               std::chrono::milliseconds::zero(), kLongest);
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
    } else if (reader.Peek() == JsonType::kArray) {
      ReadProblems(reader, out);
    } else {
      reader.Skip();
    }
  }
  return reader.AtEnd() && !out->message.empty();
}

std::string PlainErrorText(std::string_view body) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t begin = body.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  body = body.substr(begin, body.find_last_not_of(kBlank) + 1 - begin);
  if (body.front() == '<' || body.front() == '{' || body.front() == '[') return {};
  const bool is_text = std::all_of(body.begin(), body.end(), [&](char c) {
    return static_cast<unsigned char>(c) >= 0x20 || kBlank.find(c) != std::string_view::npos;
  });
  if (!is_text) return {};
  if (body.size() <= kLongMessage) return std::string(body);
  size_t end = kLongMessage;
  while (end > 0 && (static_cast<unsigned char>(body[end]) & 0xc0) == 0x80) --end;
  return std::string(body.substr(0, end)) + "\u2026";
}

}  // namespace portolan::providers
