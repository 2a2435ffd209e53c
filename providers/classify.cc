#include "providers/classify.h"

#include <string>

#include "providers/retry_after.h"

namespace portolan::providers {

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
    error->message = target.provider->name + " answered with status " + std::to_string(http_status);
  }
}

int StatusInError(std::string_view json, int otherwise) {
  ErrorMembers members;
  ReadJsonError(json, &members);
  return members.status == 0 ? otherwise : members.status;
}

}  // namespace portolan::providers
