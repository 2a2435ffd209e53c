#include "server/net/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace portolan::net {
namespace {

constexpr Duration kTick = std::chrono::milliseconds(10);
constexpr uint64_t kNoTick = ~uint64_t{0};
constexpr uint64_t kRange = uint64_t{1} << 32;

constexpr int ShiftOf(int level) { return 8 * level; }

}  // namespace

TimerWheel::TimerWheel(TimePoint start) : start_(start) {
  for (Level& level : levels_) {
    for (Node& slot : level.slots) slot.previous = slot.next = &slot;
  }
  due_.previous = due_.next = &due_;
}

TimerWheel::~TimerWheel() {
  // Timers that outlive the loop must not touch it.
  auto orphan = [](Node& list) {
    while (list.next != &list) Remove(static_cast<Timer*>(list.next));
  };
  for (Level& level : levels_) std::for_each(level.slots.begin(), level.slots.end(), orphan);
  orphan(due_);
}

void TimerWheel::Splice(Node* from, Node* to) {
  if (from->next == from) return;
  from->next->previous = to->previous;
  to->previous->next = from->next;
  from->previous->next = to;
  to->previous = from->previous;
  from->previous = from->next = from;
}

void TimerWheel::Remove(Timer* timer) { timer->Leave(); }

void TimerWheel::Insert(Timer* timer, TimePoint when, TimePoint now) {
  if (when <= now) {
    timer->AppendTo(&due_);
    return;
  }
  // Rounded up: a timer never fires early.
  timer->tick_ = static_cast<uint64_t>((when - start_ - Duration(1)) / kTick) + 1;
  Place(timer);
}

void TimerWheel::Place(Timer* timer) {
  if (timer->tick_ <= current_) {
    timer->AppendTo(&due_);
    return;
  }
  const uint64_t delta = std::min(timer->tick_ - current_, kRange - 1);
  const int index = (static_cast<int>(std::bit_width(delta)) - 1) / 8;
  Level& level = levels_[static_cast<size_t>(index)];
  const uint64_t slot = ((current_ + delta) >> ShiftOf(index)) % kSlots;
  timer->AppendTo(&level.slots[slot]);
  level.occupied[slot / 64] |= uint64_t{1} << (slot % 64);
}

uint64_t TimerWheel::NextOccupied(Level& level, uint64_t position) {
  for (uint64_t distance = 1; distance <= kSlots;) {
    const uint64_t slot = (position + distance) % kSlots;
    const uint64_t bits = level.occupied[slot / 64] >> (slot % 64);
    if (bits == 0) {
      distance += 64 - slot % 64;
      continue;
    }
    distance += static_cast<uint64_t>(std::countr_zero(bits));
    if (distance > kSlots) return 0;
    const uint64_t found = (position + distance) % kSlots;
    if (level.slots[found].next != &level.slots[found]) return distance;
    level.occupied[found / 64] &= ~(uint64_t{1} << (found % 64));
  }
  return 0;
}

uint64_t TimerWheel::NextTick() {
  uint64_t next = kNoTick;
  for (int index = 0; index < kLevels; ++index) {
    const uint64_t position = current_ >> ShiftOf(index);
    const uint64_t distance = NextOccupied(levels_[static_cast<size_t>(index)], position % kSlots);
    if (distance != 0) next = std::min(next, (position + distance) << ShiftOf(index));
  }
  return next;
}

void TimerWheel::Cascade(int index) {
  Level& level = levels_[static_cast<size_t>(index)];
  Node list;
  list.previous = list.next = &list;
  Splice(&level.slots[(current_ >> ShiftOf(index)) % kSlots], &list);
  while (list.next != &list) {
    auto* timer = static_cast<Timer*>(list.next);
    Remove(timer);
    Place(timer);
  }
}

void TimerWheel::Advance(uint64_t tick) {
  for (uint64_t next = NextTick(); next <= tick; next = NextTick()) {
    current_ = next;
    for (int index = kLevels - 1; index > 0; --index) {
      if (current_ % (uint64_t{1} << ShiftOf(index)) == 0) Cascade(index);
    }
    Splice(&levels_[0].slots[current_ % kSlots], &due_);
  }
  current_ = tick;
}

void TimerWheel::Fire(TimePoint now) {
  const auto tick = static_cast<uint64_t>((now - start_) / kTick);
  if (tick > current_) Advance(tick);
  if (!HasDue()) return;
  Node firing;
  firing.previous = firing.next = &firing;
  Splice(&due_, &firing);
  while (firing.next != &firing) {
    auto* timer = static_cast<Timer*>(firing.next);
    Remove(timer);
    timer->OnTimer();
  }
}

TimePoint TimerWheel::Next() {
  if (HasDue()) return TimePoint::min();
  const uint64_t tick = NextTick();
  if (tick == kNoTick) return kNever;
  return start_ + kTick * static_cast<int64_t>(tick);
}

}  // namespace portolan::net
