#include <string>
#include <utility>

#include "providers/classify.h"

namespace portolan::providers {

Error BrokenAnswer(std::string code, std::string message) {
  return {.error_class = ErrorClass::kProvider,
          .http_status = 502,
          .code = std::move(code),
          .message = std::move(message),
          .retryable = true,
          .transport = true};
}

}  // namespace portolan::providers
