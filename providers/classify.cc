#include "providers/classify.h"

#include <algorithm>

#include "providers/retry_after.h"
#include "server/codec/json_reader.h"

namespace portolan::providers {
namespace {

using codec::JsonReader;
using codec::JsonType;

constexpr size_t kLongMessage = 1000;

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
  if (!error->retry_after && http_status == 429) error->retry_after = RateLimitReset(headers);
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
