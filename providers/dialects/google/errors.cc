#include "providers/dialects/google/errors.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "providers/classify.h"
#include "providers/dialects/common/json.h"
#include "server/base/utf8.h"
#include "server/codec/number.h"

namespace portolan::providers::gemini {
namespace {

// A provider's sentence goes into headers and metadata: more than this helps nobody.
constexpr size_t kMaxMessageBytes = 2048;

struct Word {
  std::string_view name;
  int status;
};
// google/rpc/code.proto says which status each stands for.
constexpr std::array<Word, 16> kWords = {{{"INVALID_ARGUMENT", 400},
                                          {"FAILED_PRECONDITION", 400},
                                          {"OUT_OF_RANGE", 400},
                                          {"UNAUTHENTICATED", 401},
                                          {"PERMISSION_DENIED", 403},
                                          {"NOT_FOUND", 404},
                                          {"ABORTED", 409},
                                          {"ALREADY_EXISTS", 409},
                                          {"RESOURCE_EXHAUSTED", 429},
                                          {"CANCELLED", 499},
                                          {"DATA_LOSS", 500},
                                          {"UNKNOWN", 500},
                                          {"INTERNAL", 500},
                                          {"UNIMPLEMENTED", 501},
                                          {"UNAVAILABLE", 503},
                                          {"DEADLINE_EXCEEDED", 504}}};

int StatusOfWord(std::string_view name) {
  const auto* const word =
      std::find_if(kWords.begin(), kWords.end(), [&](const Word& one) { return one.name == name; });
  return word == kWords.end() ? 500 : word->status;
}

// What stands under `error`, in an object or the first of a list; empty if nothing does.
std::string_view ErrorIn(std::string_view body) {
  std::string_view error = JsonMember(body, "error");
  ForEachElement(body, [&](std::string_view element) {
    if (error.empty()) error = JsonMember(element, "error");
  });
  return error;
}

// google.rpc.RetryInfo: `"retryDelay": "48s"`.
std::optional<std::chrono::milliseconds> RetryDelay(std::string_view error) {
  std::optional<std::chrono::milliseconds> delay;
  ForEachElement(JsonMember(error, "details"), [&](std::string_view detail) {
    int64_t seconds = 0;
    int32_t nanos = 0;
    constexpr int64_t kYear = 366 * 24 * 3600;
    const std::string text = JsonText(JsonMember(detail, "retryDelay"));
    if (text.empty() || !codec::ParseDuration(text, &seconds, &nanos) || seconds < 0 || nanos < 0) return;
    delay = std::chrono::seconds(std::min(seconds, kYear)) +
            std::chrono::ceil<std::chrono::milliseconds>(std::chrono::nanoseconds(nanos));
  });
  return delay;
}

bool IsRefusedKey(std::string_view error) {
  bool refused = false;
  ForEachElement(JsonMember(error, "details"), [&](std::string_view detail) {
    refused |= JsonText(JsonMember(detail, "reason")) == "API_KEY_INVALID";
  });
  return refused;
}

}  // namespace

Error ClassifyAnswer(int http_status, std::span<const HeaderView> headers, std::string_view body,
                     const Target& target) {
  ErrorMembers members;
  ReadErrorText(body, &members);
  const std::string_view said = ErrorIn(body);
  Error error = AnsweredError(http_status, JsonText(JsonMember(said, "status")), std::move(members.message),
                              headers, target);
  if (!error.retry_after) error.retry_after = RetryDelay(said);
  if (IsRefusedKey(said) && !target.key_from_caller) error.error_class = ErrorClass::kProvider;
  return error;
}

Error ErrorInAnswer(std::string_view json) {
  Error error;
  error.error_class = ErrorClass::kProvider;
  const std::string word = JsonText(JsonMember(json, "status"));
  const int64_t code = JsonInteger(JsonMember(json, "code")).value_or(0);
  error.http_status = code >= 400 && code < 600 ? static_cast<int>(code) : StatusOfWord(word);
  error.code = word.empty() ? "upstream_error" : word;
  error.type = OpenAiErrorType(error.http_status);
  error.message = JsonText(JsonMember(json, "message"));
  if (error.message.empty()) error.message = "google reported an error";
  if (error.message.size() > kMaxMessageBytes) {
    error.message.resize(CutUtf8(error.message, kMaxMessageBytes).size());
    error.message += "…";
  }
  error.retryable = error.http_status == 429 || error.http_status >= 500;
  error.retry_after = RetryDelay(json);
  return error;
}

}  // namespace portolan::providers::gemini
