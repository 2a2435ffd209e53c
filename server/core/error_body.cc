#include "server/core/error_body.h"

#include "server/codec/json_reader.h"

namespace portolan::core {
namespace {

// The length of the UTF-8 sequence that starts `text`, 0 if there is none. RFC 3629: no surrogates, no
// overlong forms.
size_t Utf8Length(std::string_view text) {
  const auto at = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto tail = [&](size_t i) { return (at(i) & 0xc0u) == 0x80u; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (!tail(1) || !tail(2)) return 0;
    if (first == 0xe0 && at(1) < 0xa0) return 0;
    if (first == 0xed && at(1) > 0x9f) return 0;
    return 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (first == 0xf0 && at(1) < 0x90) return 0;
    if (first == 0xf4 && at(1) > 0x8f) return 0;
    return 4;
  }
  return 0;
}

void AppendEscaped(char c, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      *out += "\\\"";
      return;
    case '\\':
      *out += "\\\\";
      return;
    case '\n':
      *out += "\\n";
      return;
    case '\r':
      *out += "\\r";
      return;
    case '\t':
      *out += "\\t";
      return;
    default:
      *out += "\\u00";
      *out += kHex[static_cast<unsigned char>(c) >> 4];
      *out += kHex[static_cast<unsigned char>(c) & 15];
  }
}

void AppendStringOrNull(std::string_view text, std::string* out) {
  if (text.empty()) {
    *out += "null";
  } else {
    AppendJsonString(text, out);
  }
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  *out += '"';
  while (!text.empty()) {
    const char c = text.front();
    if (static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' || c == 0x7f) {
      AppendEscaped(c, out);
      text.remove_prefix(1);
      continue;
    }
    const size_t length = Utf8Length(text);
    if (length == 0) {
      *out += "\xef\xbf\xbd";
      text.remove_prefix(1);
    } else {
      out->append(text.substr(0, length));
      text.remove_prefix(length);
    }
  }
  *out += '"';
}

std::string ErrorDetail(const Error& error) {
  std::string out = "{\"class\":\"";
  out += ToString(error.error_class);
  out += "\",\"code\":";
  AppendStringOrNull(error.code, &out);
  out += ",\"attempts\":" + std::to_string(error.attempts);
  out += error.retryable ? ",\"retryable\":true" : ",\"retryable\":false";
  out += ",\"retry_after_ms\":";
  out += error.retry_after ? std::to_string(error.retry_after->count()) : "null";
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
