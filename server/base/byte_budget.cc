#include "server/base/byte_budget.h"

#include <chrono>
#include <string>

namespace portolan {

Error Overloaded(const ByteBudget& budget) {
  return {.http_status = 503,
          .code = "gateway_overloaded",
          .message = "the bodies of calls under way leave no room for this one: together they may hold " +
                     std::to_string(budget.limit()) + " bytes (--max-held)",
          .retryable = true,
          .retry_after = std::chrono::seconds(1)};
}

}  // namespace portolan
