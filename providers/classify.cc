#include "providers/classify.h"

#include <string>

#include "providers/retry_after.h"

namespace portolan::providers {
namespace {

bool RefusesKey(int http_status) { return http_status == 401 || http_status == 403; }

}  // namespace

void ClassifyStatus(int http_status, std::span<const HeaderView> headers, const Target& target,
                    Error* error) {
  error->http_status = http_status;
  error->error_class = ErrorClass::kProvider;
  const bool refused_key = RefusesKey(http_status);
  const bool wrong_request =
      http_status == 400 || http_status == 404 || http_status == 413 || http_status == 422;
  if (wrong_request || (refused_key && target.key_from_caller)) error->error_class = ErrorClass::kCaller;
  error->retryable = http_status == 408 || http_status == 409 || http_status == 429 || http_status >= 500;
  error->retry_after = RetryAfter(headers);
  if (!error->retry_after && http_status == 429) error->retry_after = RateLimitReset(headers);
  if (error->message.empty()) {
    error->message = target.provider->name + " answered with status " + std::to_string(http_status);
  }
}

Error AnsweredError(int http_status, std::string code, std::string message,
                    std::span<const HeaderView> headers, const Target& target) {
  Error error{.code = std::move(code), .message = std::move(message)};
  ClassifyStatus(http_status, headers, target, &error);
  if (error.code.empty()) error.code = "upstream_status_" + std::to_string(http_status);
  error.type = OpenAiErrorType(http_status);
  return error;
}

void ClassifyRefusedKey(const Target& target, Error* error) {
  const bool refused_key = error->error_class == ErrorClass::kProvider && RefusesKey(error->http_status);
  if (refused_key && target.key_from_caller) error->error_class = ErrorClass::kCaller;
}

int StatusInError(std::string_view json, int otherwise) {
  ErrorMembers members;
  ReadJsonError(json, &members);
  return members.status == 0 ? otherwise : members.status;
}

}  // namespace portolan::providers
