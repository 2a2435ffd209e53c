#include "server/net/loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "server/net/suspension.h"
#include "tests/unit/net/net_testing.h"

namespace portolan::net {
namespace {

using std::chrono::milliseconds;

TEST(Loop, PostFromManyThreadsRunsEverythingInEachThreadsOrder) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 5000;
  Loop loop;
  std::vector<std::vector<int>> seen(kThreads);
  std::atomic<int> running = kThreads;
  std::vector<std::thread> threads;
  for (int id = 0; id < kThreads; ++id) {
    threads.emplace_back([&, id] {
      for (int i = 0; i < kPosts; ++i) {
        loop.Post([&seen, id, i] { seen[static_cast<size_t>(id)].push_back(i); });
      }
      if (--running == 0) loop.Stop();
    });
  }
  loop.Run();
  for (std::thread& thread : threads) thread.join();
  for (const auto& one : seen) {
    ASSERT_EQ(one.size(), static_cast<size_t>(kPosts)) << "posted before Stop()";
    for (int i = 0; i < kPosts; ++i) EXPECT_EQ(one[static_cast<size_t>(i)], i);
  }
}

TEST(Loop, PostWakesASleepingLoop) {
  Loop loop;
  std::thread poster([&loop] {
    for (int i = 0; i < 50; ++i) {
      std::atomic<bool> ran = false;
      loop.Post([&ran] {
        ran = true;
        ran.notify_one();
      });
      ran.wait(false);
    }
    loop.Stop();
  });
  loop.Run();
  poster.join();
}

TEST(Loop, StopBeforeRunAndRunAgain) {
  Loop loop;
  int ran = 0;
  loop.Stop();
  loop.Run();
  loop.Post([&] {
    ++ran;
    loop.Stop();
  });
  loop.Run();
  EXPECT_EQ(ran, 1);
}

TEST(Loop, FunctionsPostedAfterTheEndAreDestroyedUnrun) {
  auto token = std::make_shared<int>(0);
  {
    Loop loop;
    loop.Stop();
    loop.Run();
    loop.Post([token] { ++*token; });
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_EQ(*token, 0);
}

struct Alive {
  explicit Alive(int* counter) : count(counter) { ++*count; }
  Alive(const Alive&) = delete;
  ~Alive() { --*count; }
  int* count;
};

Task<void> Linger(Loop& loop, int* alive, CancelScope* scope) {
  const Alive mark(alive);
  co_await loop.SleepUntil(loop.now() + std::chrono::hours(1), scope);
}

Task<void> Finish(int* alive) {
  const Alive mark(alive);
  co_return;
}

TEST(Loop, TasksLeftOverAreDestroyedWhenRunEnds) {
  Loop loop;
  CancelScope scope;
  int alive = 0;
  for (int i = 0; i < 10; ++i) loop.Spawn(Linger(loop, &alive, &scope));
  loop.Spawn(Finish(&alive));
  EXPECT_EQ(alive, 10);
  EXPECT_EQ(loop.active_tasks(), 10u);
  loop.Post([&loop] { loop.Stop(); });
  loop.Run();
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(loop.active_tasks(), 0u);
  scope.Cancel(CancelReason::kShutdown);  // their hooks are gone
}

TEST(Loop, TasksNeverRunAreDestroyedWithTheLoop) {
  int alive = 0;
  {
    Loop loop;
    loop.Spawn(Linger(loop, &alive, nullptr));
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

Task<void> SleepTable(Loop& loop) {
  const TimePoint start = loop.UpdateNow();
  EXPECT_EQ(co_await loop.SleepUntil(start + milliseconds(30)), WaitResult::kReady);
  EXPECT_GE(Clock::now(), start + milliseconds(30));
  EXPECT_EQ(co_await loop.SleepUntil(TimePoint::min()), WaitResult::kReady);
  CancelScope scope;
  loop.Post([&scope] { scope.Cancel(CancelReason::kClientGone); });
  EXPECT_EQ(co_await loop.SleepUntil(kNever, &scope), WaitResult::kCancelled);
  EXPECT_EQ(co_await loop.SleepUntil(kNever, &scope), WaitResult::kCancelled);
}

TEST(Loop, SleepsUntilTheTimeOrTheCancellation) {
  Loop loop;
  RunTask(loop, SleepTable(loop));
}

Task<int> Add(int left, int right) { co_return left + right; }

Task<void> AwaitALot(int* sum) {
  for (int i = 0; i < 1'000'000; ++i) {
    const int next = co_await Add(*sum, 1);
    *sum = next;
  }
}

Task<int> Descend(int depth) {
  if (depth == 0) co_return 0;
  const int below = co_await Descend(depth - 1);
  co_return below + 1;
}

// Instrumented code makes no tail calls.
constexpr int kDepth = PORTOLAN_TAIL_CALLS ? 50'000 : 500;

Task<void> GoDeep(int* depth) { *depth = co_await Descend(kDepth); }

TEST(Task, BackToBackAndDeepAwaitsDoNotGrowTheStack) {
  Loop loop;
  int sum = 0;
  RunTask(loop, AwaitALot(&sum));
  EXPECT_EQ(sum, 1'000'000);
  int depth = 0;
  RunTask(loop, GoDeep(&depth));
  EXPECT_EQ(depth, kDepth);
}

TEST(Task, AnUnstartedTaskMayBeDropped) { Task<int> task = Add(1, 2); }

Task<void> AwaitWaiter(Waiter& waiter, WaitResult* result) { *result = co_await waiter; }

TEST(Waiter, IsEndedByNotifyDeadlineOrScopeWhicheverComesFirst) {
  Loop loop;
  CancelScope scope, cancelled_too;
  Waiter before(loop, {}), notified(loop, {.scope = &scope}), late(loop, {.deadline = In(milliseconds(200))}),
      cancelled(loop, {.deadline = In(std::chrono::hours(1)), .scope = &cancelled_too});
  WaitResult results[4];
  before.Notify();
  loop.Spawn(AwaitWaiter(before, &results[0]));
  EXPECT_EQ(loop.active_tasks(), 0u) << "notified before";
  loop.Spawn(AwaitWaiter(notified, &results[1]));
  loop.Spawn(AwaitWaiter(late, &results[2]));
  loop.Spawn(AwaitWaiter(cancelled, &results[3]));
  notified.Notify();
  scope.Cancel(CancelReason::kClientGone);  // too late
  cancelled_too.Cancel(CancelReason::kClientGone);
  cancelled.Notify();  // too late
  EXPECT_EQ(loop.active_tasks(), 3u) << "nobody is resumed from within Notify() or Cancel()";
  EXPECT_TRUE(RunUntil(loop, [&] { return loop.active_tasks() == 1; }))
      << "the one that waits for the others";
  EXPECT_EQ(results[0], WaitResult::kReady);
  EXPECT_EQ(results[1], WaitResult::kReady);
  EXPECT_EQ(results[2], WaitResult::kTimeout);
  EXPECT_EQ(results[3], WaitResult::kCancelled);
}

// Two watchers ready in one turn; the first to be told destroys the other.
struct Rival : Watcher {
  Rival(Loop& on, int descriptor) : loop(on), fd(descriptor) { EXPECT_EQ(loop.Watch(fd, this), 0); }
  ~Rival() override { loop.Unwatch(fd, this); }
  void OnEvents(uint32_t events) override {
    if ((events & EPOLLIN) == 0) return;
    ++*calls;
    other->reset();
  }
  Loop& loop;
  int fd;
  int* calls = nullptr;
  std::unique_ptr<Rival>* other = nullptr;
};

TEST(Loop, EventsFetchedForADestroyedWatcherAreDropped) {
  Loop loop;
  const int fds[2] = {eventfd(1, EFD_NONBLOCK), eventfd(1, EFD_NONBLOCK)};
  int calls = 0;
  auto one = std::make_unique<Rival>(loop, fds[0]);
  auto two = std::make_unique<Rival>(loop, fds[1]);
  one->calls = two->calls = &calls;
  one->other = &two;
  two->other = &one;
  RunTask(loop, [](Loop& on) -> Task<void> { co_await on.SleepUntil(In(milliseconds(20))); }(loop));
  EXPECT_EQ(calls, 1);
  one.reset();
  two.reset();
  for (const int fd : fds) close(fd);
}

TEST(Loop, WatchingTellsErrno) {
  Loop loop;
  struct : Watcher {
    void OnEvents(uint32_t) override {}
  } watcher;
  EXPECT_EQ(loop.Watch(-1, &watcher), EBADF);
}

}  // namespace
}  // namespace portolan::net
