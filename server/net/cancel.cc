#include "server/net/cancel.h"

namespace portolan::net {

std::string_view ToString(CancelReason reason) {
  switch (reason) {
    case CancelReason::kNone:
      return "not cancelled";
    case CancelReason::kClientGone:
      return "the caller went away";
    case CancelReason::kDeadline:
      return "the deadline passed";
    case CancelReason::kShutdown:
      return "the gateway is shutting down";
    case CancelReason::kAbandoned:
      return "abandoned for another attempt";
  }
  return "unknown";
}

void CancelScope::Hook::Link(CancelScope* scope) {
  Unlink();
  if (scope == nullptr || scope->cancelled()) return;
  scope_ = scope;
  next_ = scope->first_;
  if (next_ != nullptr) next_->previous_ = this;
  scope->first_ = this;
}

void CancelScope::Hook::Remove() {
  (previous_ != nullptr ? previous_->next_ : scope_->first_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  scope_ = nullptr;
  previous_ = next_ = nullptr;
}

CancelScope::~CancelScope() {
  while (first_ != nullptr) first_->Unlink();
}

void CancelScope::Cancel(CancelReason reason) {
  if (cancelled()) return;
  reason_ = reason;
  // From the front each time: a hook may destroy any other.
  while (first_ != nullptr) {
    Hook* hook = first_;
    hook->Unlink();
    hook->OnCancel(reason);
  }
}

}  // namespace portolan::net
