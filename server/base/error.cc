#include "server/base/error.h"

#include <utility>

namespace portolan {

std::string_view ToString(ErrorClass error_class) {
  switch (error_class) {
    case ErrorClass::kCaller:
      return "caller";
    case ErrorClass::kPolicy:
      return "policy";
    case ErrorClass::kProvider:
      return "provider";
    case ErrorClass::kGateway:
      return "gateway";
  }
  return "gateway";
}

Error Error::InvalidRequest(std::string code, std::string message, std::string param) {
  return {.error_class = ErrorClass::kCaller,
          .http_status = 400,
          .code = std::move(code),
          .message = std::move(message),
          .param = std::move(param)};
}

std::string_view OpenAiErrorType(int http_status) {
  switch (http_status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 408:
    case 504:
      return "timeout_error";
    case 429:
      return "rate_limit_error";
    default:
      return http_status >= 400 && http_status < 500 ? "invalid_request_error" : "api_error";
  }
}

}  // namespace portolan
