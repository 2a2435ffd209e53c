#include <string>
#include <utility>

#include "providers/classify.h"

namespace portolan::providers {

Error BrokenAnswer(std::string code, std::string message) {
  Error error;
  error.error_class = ErrorClass::kProvider;
  error.http_status = 502;
  error.code = std::move(code);
  error.message = std::move(message);
  error.retryable = true;
  error.transport = true;
  return error;
}

}  // namespace portolan::providers
