#include "server/base/byte_budget.h"

#include <chrono>
#include <string>

namespace portolan {

Error Overloaded(const ByteBudget& budget) {
  Error error;
  error.error_class = ErrorClass::kGateway;
  error.http_status = 503;
  error.code = "gateway_overloaded";
  error.message = "the bodies of calls under way leave no room for this one: together they may hold " +
                  std::to_string(budget.limit()) + " bytes (--max-held)";
  error.retryable = true;
  error.retry_after = std::chrono::seconds(1);
  return error;
}

}  // namespace portolan
