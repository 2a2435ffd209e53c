#pragma once

// The timers of one loop: a hierarchical wheel of four levels with 256 slots each. A slot of level 0 is one
// tick of 10 ms, one of level n is 256^n ticks; a timer moves down a level when its slot's time comes.
//
//   level 0  |0|1|2|...|255|   next 2.55 s
//   level 1  |0|1|2|...|255|   next 11 min
//   level 2  |0|1|2|...|255|   next 46 h
//   level 3  |0|1|2|...|255|   next 497 days
//
// What is later waits in the last slot of level 3 and is placed anew from there.
// Each slot has a bit that says "perhaps not empty", so that finding the next occupied one takes a few words.
// For the loop's thread; owns no timer.

#include <array>
#include <cstdint>

#include "server/net/loop.h"

namespace portolan::net {

class TimerWheel {
 public:
  explicit TimerWheel(TimePoint start);
  ~TimerWheel();

  void Insert(Timer* timer, TimePoint when, TimePoint now);
  static void Remove(Timer* timer);

  // Calls every timer that is due at `now`. Timers that these calls arm with a time in the past fire at the
  // next Fire().
  void Fire(TimePoint now);

  // True if Fire() would call something at once.
  bool HasDue() const { return due_.next != &due_; }
  // When Fire() will next have something to do; kNever if it will not.
  TimePoint Next();

 private:
  using Node = internal::ListNode;
  static constexpr int kLevels = 4;
  static constexpr uint64_t kSlots = 256;

  struct Level {
    std::array<Node, kSlots> slots;
    std::array<uint64_t, kSlots / 64> occupied{};
  };

  static void Splice(Node* from, Node* to);
  void Place(Timer* timer);
  void Cascade(int level);
  // The distance in slots (1 to 256) from the current slot to the next one that is not empty; 0 if there is
  // none.
  uint64_t NextOccupied(Level& level, uint64_t position);
  uint64_t NextTick();
  void Advance(uint64_t tick);

  const TimePoint start_;
  uint64_t current_ = 0;
  std::array<Level, kLevels> levels_;
  Node due_;
};

}  // namespace portolan::net
