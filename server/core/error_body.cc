#include "server/core/error_body.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "server/base/json_text.h"
#include "server/base/utf8.h"

namespace portolan::core {
namespace {

void AppendStringOrNull(std::string_view text, std::string* out) {
  if (text.empty()) {
    *out += "null";
  } else {
    AppendJsonString(text, out);
  }
}

void AppendUtf16Escape(uint32_t unit, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  *out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) *out += kHex[unit >> shift & 15];
}

// JSON text with what is not ASCII escaped, fit for a header. REQUIRES: it is UTF-8, and such characters
// stand in strings only.
std::string InAscii(std::string json) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(json.begin(), json.end(), is_ascii)) return json;
  std::string out;
  std::string_view rest = json;
  while (!rest.empty()) {
    const size_t length = std::max<size_t>(Utf8Length(rest), 1);
    if (length == 1) {
      out += rest.front();
    } else {
      uint32_t code = static_cast<unsigned char>(rest.front()) & (0xffu >> (length + 1));
      for (size_t i = 1; i < length; ++i) code = code << 6 | (static_cast<unsigned char>(rest[i]) & 0x3fu);
      if (code >= 0x10000) {
        AppendUtf16Escape(0xd800 + ((code - 0x10000) >> 10), &out);
        code = 0xdc00 + ((code - 0x10000) & 0x3ff);
      }
      AppendUtf16Escape(code, &out);
    }
    rest.remove_prefix(length);
  }
  return out;
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
  if (error.limit) {
    out.append(",\"limit\":{\"name\":\"").append(error.limit->name);
    out.append("\",\"owner\":\"").append(error.limit->owner);
    out.append("\",\"ms\":").append(std::to_string(error.limit->length.count())).append("}");
  }
  if (!error.tried.empty()) {
    out += ",\"tried\":";
    for (size_t i = 0; i < error.tried.size(); ++i) {
      out += i == 0 ? '[' : ',';
      AppendJsonString(error.tried[i], &out);
    }
    out += ']';
  }
  if (!error.upstream_url.empty()) {
    out += ",\"upstream\":{\"method\":";
    AppendJsonString(error.upstream_method, &out);
    out += ",\"url\":";
    AppendJsonString(error.upstream_url, &out);
    out += '}';
  }
  out += '}';
  return InAscii(std::move(out));
}

namespace {

// Puts what guardrails have found beside the error, at the end of the object that *out ends with.
void AddHookResults(const Error& error, size_t begin, std::string* out) {
  if (error.hook_results == nullptr) return;
  const size_t end = out->rfind('}');
  if (end == std::string::npos || end < begin) return;
  out->insert(end, ",\"hook_results\":" + error.hook_results->json);
}

}  // namespace

void AppendErrorBody(const providers::Door& door, const Error& error, std::string_view request_id,
                     std::string* out) {
  const std::string detail = ErrorDetail(error);
  const size_t begin = out->size();
  door.WriteError(error, {detail, request_id}, out);
  AddHookResults(error, begin, out);
}

void AppendErrorEvent(const providers::Door& door, const Error& error, std::string_view request_id,
                      std::string* out) {
  const std::string detail = ErrorDetail(error);
  const size_t begin = out->size();
  door.WriteErrorEvent(error, {detail, request_id}, out);
  AddHookResults(error, begin, out);
}

}  // namespace portolan::core
