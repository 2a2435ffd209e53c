#include "server/core/error_body.h"

#include "server/base/json_text.h"
#include "server/codec/json_reader.h"

namespace portolan::core {
namespace {

void AppendStringOrNull(std::string_view text, std::string* out) {
  if (text.empty()) {
    *out += "null";
  } else {
    AppendJsonString(text, out);
  }
}

}  // namespace

std::string ErrorDetail(const Error& error) {
  std::string out = "{\"class\":\"";
  out += ToString(error.error_class);
  out += "\",\"code\":";
  AppendStringOrNull(error.code, &out);
  out += ",\"attempts\":" + std::to_string(error.attempts);
  out += error.retryable ? ",\"retryable\":true" : ",\"retryable\":false";
  out += ",\"retry_after_ms\":";
  out += error.retry_after ? std::to_string(error.retry_after->count()) : "null";
  if (!error.tried.empty()) {
    out += ",\"tried\":";
    for (size_t i = 0; i < error.tried.size(); ++i) {
      out += i == 0 ? '[' : ',';
      AppendJsonString(error.tried[i], &out);
    }
    out += ']';
  }
  out += '}';
  return out;
}

void AppendErrorBody(const Error& error, std::string* out) {
  *out += "{\"error\":{\"message\":";
  AppendJsonString(error.message, out);
  *out += ",\"type\":";
  AppendJsonString(error.type.empty() ? OpenAiErrorType(error.http_status) : std::string_view(error.type),
                   out);
  *out += ",\"param\":";
  AppendStringOrNull(error.param, out);
  *out += ",\"code\":";
  AppendStringOrNull(error.code, out);
  *out += ",\"portolan\":" + ErrorDetail(error) + "}}";
}

bool IsOpenAiError(std::string_view body) {
  using codec::JsonType;
  codec::JsonReader reader(body);
  if (reader.Peek() != JsonType::kObject) return false;
  reader.EnterObject();
  bool found = false;
  std::string scratch;
  std::string_view name;
  while (reader.NextMember(&name, &scratch)) {
    if (name != "error" || reader.Peek() != JsonType::kObject) {
      reader.Skip();
      continue;
    }
    reader.EnterObject();
    while (reader.NextMember(&name, &scratch)) {
      if (name == "message" && reader.Peek() == JsonType::kString) found = true;
      reader.Skip();
    }
  }
  return reader.AtEnd() && found;
}

}  // namespace portolan::core
