#include "providers/dialects/openai/errors.h"

#include <array>

#include "server/base/json_text.h"
#include "server/codec/json_reader.h"

namespace portolan::providers::openai {
namespace {

void AppendStringOrNull(std::string_view text, std::string* out) {
  if (text.empty()) {
    *out += "null";
  } else {
    AppendJsonString(text, out);
  }
}

class OpenAiDoor final : public Door {
 public:
  std::span<const std::string_view> services() const override {
    static constexpr std::array<std::string_view, 8> kServices = {
        "portolan.v1.ChatService",    "portolan.v1.CompletionService", "portolan.v1.EmbeddingService",
        "portolan.v1.ModelService",   "portolan.v1.RelayService",      "portolan.v1.RerankService",
        "portolan.v1.RoutingService", "portolan.v1.TokenService"};
    return kServices;
  }
  std::string_view default_provider() const override { return "openai"; }

  // An object with an object under `error` that has a string `message`.
  bool IsError(std::string_view body) const override {
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

  void WriteError(const Error& error, const ErrorPlace& place, std::string* out) const override {
    *out += "{\"error\":{\"message\":";
    AppendJsonString(error.message, out);
    *out += ",\"type\":";
    AppendJsonString(error.type.empty() ? OpenAiErrorType(error.http_status) : std::string_view(error.type),
                     out);
    *out += ",\"param\":";
    AppendStringOrNull(error.param, out);
    *out += ",\"code\":";
    AppendStringOrNull(error.code, out);
    if (!place.detail.empty()) out->append(",\"portolan\":").append(place.detail);
    *out += "}}";
  }

  void WriteErrorEvent(const Error& error, const ErrorPlace& place, std::string* out) const override {
    *out += "data: ";
    WriteError(error, place, out);
    *out += "\n\n";
  }
};

}  // namespace

const Door& TheDoor() {
  static const OpenAiDoor door;
  return door;
}

}  // namespace portolan::providers::openai
