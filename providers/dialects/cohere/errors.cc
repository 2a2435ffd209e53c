#include "providers/dialects/cohere/errors.h"

#include <utility>

#include "providers/classify.h"
#include "server/base/utf8.h"

namespace portolan::providers::cohere {

Error ClassifyAnswer(int http_status, std::span<const HeaderView> headers, std::string_view body,
                     const Target& target) {
  ErrorMembers members;
  ReadErrorText(body, &members);
  return AnsweredError(http_status, std::move(members.code.empty() ? members.type : members.code),
                       std::move(members.message), headers, target);
}

bool IsFailure(std::string_view finish_reason) {
  return finish_reason == "ERROR" || finish_reason == "TIMEOUT";
}

Error Failed(std::string_view reason, std::string message) {
  Error error;
  error.error_class = ErrorClass::kProvider;
  error.http_status = 502;
  error.type = OpenAiErrorType(error.http_status);
  error.code = reason.empty() ? "upstream_error" : std::string(reason);
  error.message = std::move(message);
  if (error.message.empty()) error.message = "cohere ended the answer with an error";
  if (error.message.size() > kMaxErrorMessage) {
    error.message.resize(CutUtf8(error.message, kMaxErrorMessage).size());
    error.message += "…";
  }
  error.retryable = true;
  return error;
}

}  // namespace portolan::providers::cohere
