#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

#include "server/net/loop.h"
#include "server/net/timer_wheel.h"
#include "tests/unit/net/net_testing.h"

namespace portolan::net {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// A timer that notes when it fired, and can do something then.
struct Note : Timer {
  using Timer::Timer;
  void OnTimer() override {
    ++fired;
    at = timer_loop().now();
    if (order != nullptr) order->push_back(id);
    if (action) action();
  }
  int id = 0;
  int fired = 0;
  TimePoint at;
  std::vector<int>* order = nullptr;
  std::function<void()> action;
};

// The wheel alone, driven by a made-up clock. Timers belong to a loop that never runs.
struct Bench {
  Loop loop;
  TimePoint start = loop.now();
  TimerWheel wheel{start};
};

TEST(TimerWheel, NeverFiresEarlyAndAtMostATickLate) {
  Bench bench;
  std::mt19937_64 random(7);
  for (const int64_t span_ms : {30, 3'000, 700'000, 50'000'000, 2'000'000'000}) {
    for (int i = 0; i < 200; ++i) {
      TimerWheel wheel(bench.start);
      TimePoint now = bench.start + std::chrono::microseconds(random() % 5'000'000'000);
      wheel.Fire(now);
      const TimePoint when =
          now + std::chrono::microseconds(1 + random() % (static_cast<uint64_t>(span_ms) * 1000));
      Note note(bench.loop);
      wheel.Insert(&note, when, now);
      int wakes = 0;
      while (note.fired == 0) {
        const TimePoint next = wheel.Next();
        ASSERT_GT(next, now);
        ASSERT_NE(next, kNever);
        wheel.Fire(next - std::chrono::nanoseconds(1));
        ASSERT_EQ(note.fired, 0) << "before the time the wheel itself named";
        now = next;
        wheel.Fire(now);
        ASSERT_LE(++wakes, 5) << "an idle wheel wakes rarely";
      }
      EXPECT_GE(now, when);
      EXPECT_LT(now - when, milliseconds(10));
      EXPECT_EQ(wheel.Next(), kNever);
    }
  }
}

TEST(TimerWheel, FarDeadlinesBeyondTheWheelsRangeWait) {
  Bench bench;
  Note note(bench.loop);
  const TimePoint when = bench.start + hours(24 * 1200);
  bench.wheel.Insert(&note, when, bench.start);
  bench.wheel.Fire(when - milliseconds(10));
  EXPECT_EQ(note.fired, 0);
  bench.wheel.Fire(when + milliseconds(10));
  EXPECT_EQ(note.fired, 1);
}

TEST(TimerWheel, AgreesWithASortedListOverThousandsOfTimers) {
  Bench bench;
  std::mt19937_64 random(11);
  std::vector<std::unique_ptr<Note>> notes;
  std::vector<TimePoint> due;
  TimePoint now = bench.start;
  for (int step = 0; step < 20'000; ++step) {
    if (random() % 4 != 0) {
      const auto scale = milliseconds(1 << (random() % 24));
      notes.push_back(std::make_unique<Note>(bench.loop));
      due.push_back(now + Duration(random() % static_cast<uint64_t>(Duration(scale).count())));
      bench.wheel.Insert(notes.back().get(), due.back(), now);
    } else {
      now += milliseconds(random() % 400);
      bench.wheel.Fire(now);
      if (step % 100 == 0) {
        for (size_t i = 0; i < notes.size(); ++i) {
          const bool must = due[i] + milliseconds(10) <= now;
          const bool may = due[i] <= now;
          ASSERT_GE(notes[i]->fired, must ? 1 : 0);
          ASSERT_LE(notes[i]->fired, may ? 1 : 0);
        }
      }
    }
    if (step % 7 == 0 && !notes.empty()) {
      const size_t victim = random() % notes.size();
      notes[victim] = std::move(notes.back());  // destroys an armed one now and then
      notes.pop_back();
      due[victim] = due.back();
      due.pop_back();
    }
  }
}

TEST(Timer, FireInTheOrderOfTheirTimes) {
  Loop loop;
  std::vector<int> order;
  std::vector<std::unique_ptr<Note>> notes;
  const TimePoint base = loop.UpdateNow();
  for (const int delay : {50, 10, 90, 30, 70, 0}) {
    notes.push_back(std::make_unique<Note>(loop));
    notes.back()->id = delay;
    notes.back()->order = &order;
    notes.back()->Arm(base + milliseconds(delay));
  }
  notes[2]->action = [&loop] { loop.Stop(); };
  loop.Run();
  EXPECT_EQ(order, (std::vector{0, 10, 30, 50, 70, 90}));
  for (const auto& note : notes) EXPECT_GE(note->at, base + milliseconds(note->id));
}

TEST(Timer, ACallbackMayDisarmMoveAndDestroyOthers) {
  Loop loop;
  const TimePoint when = loop.UpdateNow() + milliseconds(5);
  Note actor(loop), disarmed(loop), moved(loop), end(loop);
  auto destroyed = std::make_unique<Note>(loop);
  actor.Arm(when);
  disarmed.Arm(when);
  moved.Arm(when);
  destroyed->Arm(when);
  end.Arm(when + milliseconds(60));
  actor.action = [&] {
    disarmed.Disarm();
    destroyed.reset();
    moved.Arm(when + milliseconds(40));
    actor.Arm(when + milliseconds(20));
    actor.action = nullptr;
  };
  end.action = [&] {
    // A busy machine may come to all of these at once.
    const bool all = actor.fired == 2 && moved.fired == 1;
    if (all || loop.now() > when + test::kPatience) return loop.Stop();
    end.Arm(loop.now() + milliseconds(10));
  };
  loop.Run();
  EXPECT_EQ(actor.fired, 2);
  EXPECT_EQ(disarmed.fired, 0);
  EXPECT_EQ(moved.fired, 1);
  EXPECT_GE(moved.at, when + milliseconds(40));
}

TEST(Timer, NeverAndThePast) {
  Loop loop;
  Note never(loop), past(loop), stop(loop);
  never.Arm(loop.now() + milliseconds(1));
  never.Arm(kNever);
  EXPECT_FALSE(never.armed());
  past.Arm(TimePoint::min());
  stop.Arm(loop.now() + milliseconds(20));
  stop.action = [&loop] { loop.Stop(); };
  loop.Run();
  EXPECT_EQ(never.fired, 0);
  EXPECT_EQ(past.fired, 1);
}

TEST(Timer, ALoopWithOnlyFarTimersSleeps) {
  Loop loop;
  Note far(loop), stop(loop);
  far.Arm(loop.UpdateNow() + hours(3));
  stop.Arm(loop.now() + milliseconds(300));
  stop.action = [&loop] { loop.Stop(); };
  loop.Run();
  EXPECT_LE(loop.turn(), 5u);
}

TEST(Timer, OutlivingTheLoopIsHarmless) {
  auto loop = std::make_unique<Loop>();
  Note note(*loop);
  note.Arm(loop->now() + hours(1));
  loop.reset();
  EXPECT_FALSE(note.armed());
}

}  // namespace
}  // namespace portolan::net
