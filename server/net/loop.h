#pragma once

// One shard's event loop: edge-triggered epoll, a timer wheel, tasks, and a way in for other threads. Only
// Post() and Stop() are thread-safe; all else is for the loop's own thread.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "server/net/cancel.h"
#include "server/net/task.h"

namespace portolan::net {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;
inline constexpr TimePoint kNever = TimePoint::max();

// How long an await may last, and what may end it early (null: nothing). Every await of this library takes
// one.
struct Wait {
  TimePoint deadline = kNever;
  CancelScope* scope = nullptr;
};

enum class WaitResult : uint8_t { kReady, kTimeout, kCancelled };

class Loop;

namespace internal {
// A node of a circular, doubly linked list. An empty list is a head linked to itself.
struct ListNode {
  ListNode* previous = nullptr;
  ListNode* next = nullptr;

  void AppendTo(ListNode* head) {
    previous = head->previous;
    next = head;
    previous->next = this;
    next->previous = this;
  }
  // REQUIRES: next is not null.
  void Leave() {
    previous->next = next;
    next->previous = previous;
    previous = next = nullptr;
  }
};
}  // namespace internal

// A timer on the loop's wheel, in ticks of 10 ms and never early. Arming, moving and disarming take constant
// time and no system call. Owned by whoever waits; disarms itself on destruction.
class Timer : private internal::ListNode {
 public:
  explicit Timer(Loop& loop) : loop_(loop) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { Disarm(); }

  // Fires once, at `when` or up to a tick later. A time in the past means the end of this turn, or of the
  // next one if a timer is firing now. Replaces the time set before; kNever disarms.
  void Arm(TimePoint when);
  void Disarm() {
    if (armed()) Remove();
  }
  bool armed() const { return next != nullptr; }

 protected:
  // Called on the loop's thread, once per Arm(), after the timer has disarmed itself. May destroy the timer.
  virtual void OnTimer() = 0;
  Loop& timer_loop() const { return loop_; }

 private:
  friend class TimerWheel;
  void Remove();

  Loop& loop_;
  uint64_t tick_ = 0;
};

// Work put off to the end of a turn, so that what many calls send in one turn leaves together: the first send
// wakes the peer, the next ones find it awake, which costs the kernel a third less. Owned by whoever waits;
// leaves the list on destruction.
class Flush : private internal::ListNode {
 public:
  Flush() = default;
  Flush(const Flush&) = delete;
  Flush& operator=(const Flush&) = delete;
  virtual ~Flush() {
    if (next != nullptr) Leave();
  }

 protected:
  // Called once per FlushSoon(), on the loop's thread, after this has left the list. Must not resume a
  // coroutine: see Suspension::ResumeSoon().
  virtual void OnFlush() = 0;

 private:
  friend class Loop;
};

// How often pollers are called: too short for a reader to notice, long enough for the small pieces of a burst
// to be handled as one.
inline constexpr std::chrono::microseconds kPollInterval{500};

// Something that is looked at when the clock says so rather than when an event does. Owned by whoever polls;
// leaves the list on destruction.
class Poller : private internal::ListNode {
 public:
  Poller() = default;
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  virtual ~Poller() { StopPolling(); }

 protected:
  bool will_poll() const { return next != nullptr; }
  void StopPolling() {
    if (will_poll()) Leave();
  }
  // Called once per PollSoon(), on the loop's thread, after this has left the list. May destroy it.
  virtual void OnPoll() = 0;

 private:
  friend class Loop;
  TimePoint due_;
};

// Is told of a file descriptor's readiness; see Loop::Watch().
class Watcher {
 public:
  virtual ~Watcher() = default;
  // `events` is a mask of EPOLLIN and the like. May destroy the watcher.
  virtual void OnEvents(uint32_t events) = 0;
};

class Loop {
 public:
  Loop();
  // REQUIRES: Run() has returned and no other thread is inside Post() or Stop().
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until Stop(): finishes the turn under way and the functions posted before Stop(), then destroys the
  // spawned tasks that are left. May be called again.
  void Run();
  // Ends Run(), or makes the next one return at once. Thread-safe.
  void Stop();

  // Runs `function` on the loop's thread, in order of posting. Thread-safe. Functions that have not run when
  // the loop is destroyed are destroyed unrun.
  void Post(std::function<void()> function);

  // Starts `task` now and owns it until it finishes.
  void Spawn(Task<void> task);
  // The number of spawned tasks that have not finished.
  size_t active_tasks() const;

  // The time at the start of this turn: costs nothing, at most a turn old.
  TimePoint now() const { return now_; }
  // The number of this turn, which only grows.
  uint64_t turn() const { return turn_; }
  // Reads the clock and updates now().
  TimePoint UpdateNow();

  // Calls OnPoll() when the clock next passes a multiple of kPollInterval: all pollers at once, so that a
  // thousand cost one timer. REQUIRES: `poller` is not waiting already.
  void PollSoon(Poller* poller);

  // Whether this turn has more events and polls to handle, so that sending may wait for FlushSoon().
  bool has_more_events() const;
  // Calls OnFlush() when this turn's events have been handled. REQUIRES: has_more_events().
  void FlushSoon(Flush* flush);

  // Suspends until `when` (kReady) or until `scope` is cancelled (kCancelled).
  Task<WaitResult> SleepUntil(TimePoint when, CancelScope* scope = nullptr);

  // The epoll mask of everything that a stream socket can tell, edge-triggered.
  static const uint32_t kAllEdges;
  // Calls `watcher` for `events` (epoll's mask) on `fd` until Unwatch(). Returns 0, or the errno.
  int Watch(int fd, Watcher* watcher, uint32_t events = kAllEdges);
  // Must be called before the descriptor is closed. Events of this turn not yet handled are dropped.
  void Unwatch(int fd, Watcher* watcher);

  // 64 KiB to read into, shared by all who run on this loop: valid only until the caller's next await.
  std::span<char> scratch();
  // 16 KiB in which TLS writes gather small pieces. Only for this library, between two system calls.
  std::span<char> record_scratch();

 private:
  friend class Timer;
  struct Impl;

  TimePoint now_;
  uint64_t turn_ = 0;
  std::unique_ptr<Impl> impl_;
};

}  // namespace portolan::net
