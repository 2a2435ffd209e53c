#pragma once

// What every await of this library is made of: a suspended coroutine that something wakes, unless its
// deadline or its scope does so first. It lives in the awaiting frame, so that waiting allocates nothing. The
// loop resumes it, never Cancel() or Notify() themselves: those only mark it.

#include <coroutine>

#include "server/net/loop.h"

namespace portolan::net {

class Suspension : private Timer, private CancelScope::Hook {
 protected:
  Suspension(Loop& loop, Wait wait) : Timer(loop), wait_(wait) {}

  // True if the wait is over before it began: its scope is cancelled or its deadline has passed.
  bool Expired();
  void Suspend(std::coroutine_handle<> handle);
  // The first half of Suspend(): until WaitOn() neither the deadline nor the scope ends the wait.
  void Hold(std::coroutine_handle<> handle) { handle_ = handle; }
  // Resumes the coroutine, which may destroy this.
  void ResumeNow();
  // Calls OnSoon() at the end of this turn, or of the next if this turn is ending. Deadline and scope no
  // longer end the wait.
  void ResumeSoon();
  // Waits, or waits again after ResumeSoon().
  void WaitOn();

  // The deadline or the scope has ended the wait; the coroutine is resumed later in this turn. Detach here
  // from whatever would have woken it.
  virtual void OnExpired() {}
  virtual void OnSoon() { ResumeNow(); }

  WaitResult outcome() const { return outcome_; }

 private:
  void OnTimer() final;
  void OnCancel(CancelReason reason) final;

  const Wait wait_;
  std::coroutine_handle<> handle_;
  WaitResult outcome_ = WaitResult::kReady;
  bool soon_ = false;
};

// Suspends one coroutine until Notify(), the deadline or the scope. Used once.
//
//   Waiter waiter(loop, wait);
//   queue.push_back(&waiter);
//   if (co_await waiter != WaitResult::kReady) queue.remove(&waiter);
class Waiter : private Suspension {
 public:
  Waiter(Loop& loop, Wait wait) : Suspension(loop, wait) {}

  // Ends the wait with kReady; the coroutine goes on at the end of this turn. Before the await, keeps it from
  // suspending. After the wait has ended, does nothing.
  void Notify();

  bool await_ready() { return notified_ || Expired(); }
  void await_suspend(std::coroutine_handle<> handle) {
    suspended_ = true;
    Suspend(handle);
  }
  WaitResult await_resume() {
    suspended_ = false;
    return outcome();
  }

 private:
  void OnExpired() override { suspended_ = false; }

  bool notified_ = false;
  bool suspended_ = false;
};

}  // namespace portolan::net
