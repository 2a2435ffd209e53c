#pragma once

// One shard's event loop: edge-triggered epoll, a timer wheel, tasks, and a way in for other threads.
// Everything but Post() and Stop() is for the loop's own thread.

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

// How long an await may last and what may end it early. Every await of this library takes one.
struct Wait {
  TimePoint deadline = kNever;
  CancelScope* scope = nullptr;
};

enum class WaitResult : uint8_t { kReady, kTimeout, kCancelled };

class Loop;

namespace internal {
// A link of a circular list, whose head is linked to itself.
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

// A timer on the loop's wheel; ticks of 10 ms, never early. Arming, moving and disarming are O(1) and make no
// system call. Owned by whoever waits; disarms itself on destruction.
class Timer : private internal::ListNode {
 public:
  explicit Timer(Loop& loop) : loop_(loop) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { Disarm(); }

  // Fires once, at `when` or up to a tick later; a time that has passed means the end of this turn (or of the
  // next, when called by a timer). Replaces the time set before. kNever disarms.
  void Arm(TimePoint when);
  void Disarm() {
    if (armed()) Remove();
  }
  bool armed() const { return next != nullptr; }

 protected:
  // Called once, on the loop, after the timer has disarmed itself. May destroy the timer.
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
// takes itself off the list on destruction.
class Flush : private internal::ListNode {
 public:
  Flush() = default;
  Flush(const Flush&) = delete;
  Flush& operator=(const Flush&) = delete;
  virtual ~Flush() {
    if (next != nullptr) Leave();
  }

 protected:
  // Called once, on the loop, after it has left the list. Must resume nobody: see Suspension::ResumeSoon().
  virtual void OnFlush() = 0;

 private:
  friend class Loop;
};

// How often what is polled is looked at: nothing to a reader, and enough for many small pieces of a burst to
// be handled as one.
inline constexpr std::chrono::microseconds kPollInterval{500};

// What is looked at by the clock rather than when an event tells. Owned by whoever polls; takes itself off
// the list on destruction.
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
  // Called once, on the loop, after it has left the list. May destroy it.
  virtual void OnPoll() = 0;

 private:
  friend class Loop;
  TimePoint due_;
};

// A file descriptor's readiness, registered once for reading and writing (edge-triggered).
class Watcher {
 public:
  virtual ~Watcher() = default;
  // `events` is epoll's mask. May destroy the watcher.
  virtual void OnEvents(uint32_t events) = 0;
};

class Loop {
 public:
  Loop();
  // REQUIRES: Run() has returned and no other thread is inside Post() or Stop().
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until Stop(): the turn under way is finished, functions posted before Stop() are run. Then destroys
  // what is left of the spawned tasks. May be called again.
  void Run();
  // Thread-safe. Before Run(): makes that return at once.
  void Stop();

  // Runs `function` on the loop's thread, in order of posting. Thread-safe. After Run() has returned it is
  // destroyed unrun when the loop is destroyed.
  void Post(std::function<void()> function);

  // Starts `task` now and owns it until it finishes.
  void Spawn(Task<void> task);
  // Spawned tasks that have not finished.
  size_t active_tasks() const;

  // The time at the start of this turn of the loop: cheap, at most a turn old.
  TimePoint now() const { return now_; }
  // Counts turns.
  uint64_t turn() const { return turn_; }
  // Reads the clock and updates now().
  TimePoint UpdateNow();

  // Calls OnPoll() when the clock next passes a multiple of kPollInterval: everyone at once, so that a
  // thousand pollers cost one timer. REQUIRES: it is not on the list.
  void PollSoon(Poller* poller);

  // Whether more of this turn's events and polls are to be handled: then what is sent may wait for
  // FlushSoon().
  bool has_more_events() const;
  // Calls OnFlush() when this turn's events have been handled. REQUIRES: has_more_events().
  void FlushSoon(Flush* flush);

  // Suspends until `when`, at the latest until `scope` is cancelled.
  Task<WaitResult> SleepUntil(TimePoint when, CancelScope* scope = nullptr);

  // Everything a stream socket can tell, edge-triggered.
  static const uint32_t kAllEdges;
  // epoll registration; the watcher must outlive it. `events` is epoll's mask. Returns errno, 0 when it
  // worked.
  int Watch(int fd, Watcher* watcher, uint32_t events = kAllEdges);
  // Must be called before the descriptor is closed. Events already fetched for it in this turn are dropped.
  void Unwatch(int fd, Watcher* watcher);

  // The read buffer lent by the shard: what a Read() put there is valid until the next await of the caller.
  // 64 KiB.
  std::span<char> scratch();
  // 16 KiB in which TLS writes gather small pieces: for use between two system calls, by this library only.
  std::span<char> record_scratch();

 private:
  friend class Timer;
  struct Impl;

  TimePoint now_;
  uint64_t turn_ = 0;
  std::unique_ptr<Impl> impl_;
};

}  // namespace portolan::net
