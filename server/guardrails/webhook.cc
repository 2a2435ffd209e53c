#include "server/guardrails/webhook.h"

#include "server/base/json_text.h"
#include "server/codec/json_reader.h"
#include "server/guardrails/json_schema.h"

namespace portolan::guardrails {
namespace {

using codec::JsonReader;
using codec::JsonType;

constexpr int kMaxDataDepth = 64;

void AppendSaid(const Said& said, std::string_view without, std::string* out) {
  out->append(R"({"json":)").append(said.json.empty() ? without : std::string_view(said.json));
  out->append(R"(,"text":)");
  AppendJsonString(said.text, out);
}

void AppendFlag(std::string_view name, bool value, std::string* out) {
  out->append(",\"").append(name).append("\":").append(value ? "true" : "false");
}

// Calls `take` with the name of each member of the object that comes next, which must consume its value.
// False if there is none, or its text is broken.
template <typename Take>
bool ReadMembers(JsonReader& reader, const Take& take) {
  if (reader.Peek() != JsonType::kObject || !reader.EnterObject()) return false;
  std::string scratch;
  for (std::string_view name; reader.NextMember(&name, &scratch);) take(name);
  return !reader.failed();
}

// `{json: {…}}`. False with the reason if what stands there is no object.
bool ReadReplacement(JsonReader& reader, std::optional<std::string>* out) {
  if (reader.Peek() == JsonType::kNull) return reader.ReadNull();
  bool good = true;
  const bool read = ReadMembers(reader, [&](std::string_view name) {
    const JsonType type = reader.Peek();
    std::string_view raw;
    if (!reader.Skip(&raw) || name != "json" || type == JsonType::kNull) return;
    good = type == JsonType::kObject;
    *out = raw;
  });
  return read && good;
}

bool ReadTransformed(JsonReader& reader, WebhookAnswer* answer) {
  if (reader.Peek() == JsonType::kNull) return reader.ReadNull();
  bool good = true;
  const bool read = ReadMembers(reader, [&](std::string_view name) {
    if (name == "request") {
      good &= ReadReplacement(reader, &answer->request);
    } else if (name == "response") {
      good &= ReadReplacement(reader, &answer->response);
    } else {
      reader.Skip();
    }
  });
  return read && good;
}

}  // namespace

std::string WebhookBody(const Subject& subject) {
  std::string body = R"({"request":)";
  AppendSaid(subject.request, "null", &body);
  AppendFlag("isStreamingRequest", subject.is_stream, &body);
  AppendFlag("isTransformed", subject.request.is_transformed, &body);
  body.append(R"(},"response":)");
  // So Portkey says it where there is none yet.
  AppendSaid(subject.response, subject.is_answer ? "null" : "{}", &body);
  body.append(R"(,"statusCode":)").append(subject.is_answer ? "200" : "null");
  AppendFlag("isTransformed", subject.response.is_transformed, &body);
  body.append(R"(},"provider":)");
  AppendJsonString(subject.provider, &body);
  body.append(R"(,"requestType":)");
  AppendJsonString(subject.request_type, &body);
  body.append(R"(,"metadata":)");
  body.append(subject.metadata.is_object()
                  ? subject.metadata.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                  : "{}");
  body.append(R"(,"eventType":)");
  body.append(subject.is_answer ? R"("afterRequestHook"})" : R"("beforeRequestHook"})");
  return body;
}

std::optional<WebhookAnswer> ReadWebhookAnswer(std::string_view body, std::string* problem) {
  JsonReader reader(body, kMaxJsonDepth);
  WebhookAnswer answer;
  bool has_verdict = false;
  bool good = true;
  std::string_view data;
  const bool read = ReadMembers(reader, [&](std::string_view name) {
    if (name == "verdict") {
      has_verdict = reader.Peek() == JsonType::kBool && reader.ReadBool(&answer.verdict);
      if (!has_verdict) reader.Skip();
    } else if (name == "data") {
      reader.Skip(&data);
    } else if (name == "transformedData") {
      good &= ReadTransformed(reader, &answer);
    } else {
      reader.Skip();
    }
  });
  if (good && (!read || !reader.AtEnd())) {
    *problem = "it answered with something that is no JSON object";
  } else if (!good) {
    *problem = "it answered with transformedData of another form";
  } else if (!has_verdict) {
    *problem = "its answer has no verdict that is true or false";
  } else {
    // Deeper ones would not fit into the results.
    if (codec::IsJson(data, kMaxDataDepth)) answer.data = ParseJson(data).value_or(nullptr);
    return answer;
  }
  return std::nullopt;
}

}  // namespace portolan::guardrails
