#include "server/upstream/failure.h"

#include <utility>

namespace portolan::upstream {

Failure Fail(FailureKind kind, std::string message) {
  Failure failure;
  failure.kind = kind;
  failure.message = std::move(message);
  return failure;
}

std::string ToText(std::chrono::milliseconds duration) {
  const auto count = duration.count();
  return count % 1000 == 0 ? std::to_string(count / 1000) + " s" : std::to_string(count) + " ms";
}

Failure Step::Interrupted(net::IoCode code, FailureKind timeout_kind, std::string timeout_message,
                          std::string_view doing) const {
  const bool cancelled = code == net::IoCode::kCancelled;
  // Whoever holds the budget may end it through the scope as well.
  const bool by_budget = cancelled
                             ? call_.scope != nullptr && call_.scope->reason() == net::CancelReason::kDeadline
                             : call_.deadline <= deadline_;
  if (by_budget) {
    return Fail(FailureKind::kDeadline, std::string(kOutOfTime).append(doing));
  }
  if (cancelled) return Fail(FailureKind::kCancelled, "cancelled while " + std::string(doing));
  return Fail(timeout_kind, std::move(timeout_message));
}

}  // namespace portolan::upstream
