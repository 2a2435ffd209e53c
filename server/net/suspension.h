#pragma once

// What every await of this library is made of: a suspended coroutine that something wakes, unless its
// deadline or its scope does first. Embedded in the awaiting frame, so that waiting allocates nothing.
// Resumption always comes from the loop, never from inside Cancel() or Notify(): those only mark.

#include <coroutine>

#include "server/net/loop.h"

namespace portolan::net {

class Suspension : private Timer, private CancelScope::Hook {
 protected:
  Suspension(Loop& loop, Wait wait) : Timer(loop), wait_(wait) {}

  // True if the wait is over before it began: cancelled scope, deadline passed.
  bool Expired();
  void Suspend(std::coroutine_handle<> handle);
  // The first half of Suspend(): neither the deadline nor the scope ends it, until WaitOn().
  void Hold(std::coroutine_handle<> handle) { handle_ = handle; }
  // Resumes the coroutine, which may destroy this.
  void ResumeNow();
  // Calls OnSoon() at the end of the turn, or of the next when called from there. The wait is not ended by
  // deadline or scope any more.
  void ResumeSoon();
  // Waits, or waits again after ResumeSoon().
  void WaitOn();

  // The deadline or the scope ended the wait; the coroutine is resumed later in this turn. Detach from what
  // would wake.
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

// Suspends one coroutine until Notify(), the deadline or the scope. One use.
//
//   Waiter waiter(loop, wait);
//   queue.push_back(&waiter);
//   if (co_await waiter != WaitResult::kReady) queue.remove(&waiter);
class Waiter : private Suspension {
 public:
  Waiter(Loop& loop, Wait wait) : Suspension(loop, wait) {}

  // Ends the wait with kReady; the coroutine goes on at the end of this turn. Before the await: that will not
  // suspend. After the wait has ended: no effect.
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
