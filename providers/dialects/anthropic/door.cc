#include "providers/dialects/anthropic/door.h"

#include <array>
#include <string>

#include "server/base/json_text.h"
#include "server/codec/json_reader.h"

namespace portolan::providers::anthropic {
namespace {

using codec::JsonReader;
using codec::JsonType;

void AppendMember(std::string_view name, std::string_view value, std::string* out) {
  if (value.empty()) return;
  out->append(",\"").append(name).append("\":");
  AppendJsonString(value, out);
}

// Reads the object under `error`: whether it has strings `type` and `message`.
bool HasTypeAndMessage(JsonReader* reader) {
  bool has_type = false;
  bool has_message = false;
  std::string scratch;
  reader->EnterObject();
  for (std::string_view name; reader->NextMember(&name, &scratch);) {
    const bool is_text = reader->Peek() == JsonType::kString;
    has_type |= is_text && name == "type";
    has_message |= is_text && name == "message";
    reader->Skip();
  }
  return has_type && has_message;
}

class AnthropicDoor final : public Door {
 public:
  std::span<const std::string_view> services() const override {
    static constexpr std::array<std::string_view, 1> kServices = {"anthropic.v1.MessagesService"};
    return kServices;
  }
  std::string_view default_provider() const override { return "anthropic"; }
  std::string_view key_header() const override { return "x-api-key"; }
  std::string_view telling_header() const override { return "anthropic-version"; }
  std::string_view request_id_header() const override { return "request-id"; }
  bool wants_blocks() const override { return true; }

  bool IsError(std::string_view body) const override {
    JsonReader reader(body);
    if (reader.Peek() != JsonType::kObject) return false;
    bool says_error = false;
    bool has_error = false;
    std::string scratch;
    std::string text_scratch;
    reader.EnterObject();
    for (std::string_view name; reader.NextMember(&name, &scratch);) {
      if (name == "error" && reader.Peek() == JsonType::kObject) {
        has_error = HasTypeAndMessage(&reader);
      } else if (name == "type" && reader.Peek() == JsonType::kString) {
        std::string_view type;
        says_error = reader.ReadString(&type, &text_scratch) && type == "error";
      } else {
        reader.Skip();
      }
    }
    return reader.AtEnd() && says_error && has_error;
  }

  void WriteError(const Error& error, const ErrorPlace& place, std::string* out) const override {
    const std::string_view type = ErrorType(error.http_status);
    *out += R"({"type":"error","error":{"type":)";
    AppendJsonString(type, out);
    *out += R"(,"message":)";
    AppendJsonString(error.message, out);
    AppendMember("param", error.param, out);
    if (!error.code.empty() && error.code != type) {
      AppendMember("code", error.code, out);
      *out += R"(,"details":{"error_code":)";
      AppendJsonString(error.code, out);
      *out += '}';
    }
    if (!place.detail.empty()) out->append(R"(,"portolan":)").append(place.detail);
    *out += '}';
    AppendMember("request_id", place.request_id, out);
    *out += '}';
  }

  void WriteErrorEvent(const Error& error, const ErrorPlace& place, std::string* out) const override {
    *out += "event: error\ndata: ";
    WriteError(error, place, out);
    *out += "\n\n";
  }
};

}  // namespace

std::string_view ErrorType(int http_status) {
  switch (http_status) {
    case 401:
      return "authentication_error";
    case 402:
      return "billing_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 408:
    case 504:
      return "timeout_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 529:
      return "overloaded_error";
    default:
      return http_status >= 400 && http_status < 500 ? "invalid_request_error" : "api_error";
  }
}

const Door& TheDoor() {
  static const AnthropicDoor door;
  return door;
}

}  // namespace portolan::providers::anthropic
