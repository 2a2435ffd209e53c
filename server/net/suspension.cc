#include "server/net/suspension.h"

namespace portolan::net {

bool Suspension::Expired() {
  if (wait_.scope != nullptr && wait_.scope->cancelled()) {
    outcome_ = WaitResult::kCancelled;
    return true;
  }
  if (wait_.deadline <= timer_loop().now()) {
    outcome_ = WaitResult::kTimeout;
    return true;
  }
  return false;
}

void Suspension::Suspend(std::coroutine_handle<> handle) {
  Hold(handle);
  WaitOn();
}

void Suspension::WaitOn() {
  if (wait_.deadline != kNever) Arm(wait_.deadline);
  if (wait_.scope != nullptr) Link(wait_.scope);
}

void Suspension::ResumeNow() {
  Disarm();
  Unlink();
  handle_.resume();
}

void Suspension::ResumeSoon() {
  Unlink();
  soon_ = true;
  Arm(TimePoint::min());
}

void Suspension::OnTimer() {
  if (std::exchange(soon_, false)) {
    OnSoon();
    return;
  }
  outcome_ = WaitResult::kTimeout;
  Unlink();
  OnExpired();
  handle_.resume();
}

void Suspension::OnCancel(CancelReason) {
  outcome_ = WaitResult::kCancelled;
  OnExpired();
  ResumeSoon();
}

void Waiter::Notify() {
  if (std::exchange(notified_, true) || !std::exchange(suspended_, false)) return;
  ResumeSoon();
}

}  // namespace portolan::net
