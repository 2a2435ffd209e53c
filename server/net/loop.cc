#include "server/net/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

#include "server/net/frame.h"
#include "server/net/suspension.h"
#include "server/net/timer_wheel.h"

namespace portolan::net {
namespace {

constexpr size_t kEventsPerTurn = 256;
constexpr size_t kPollsPerTurn = 64;
constexpr size_t kScratchBytes = 64 << 10;
constexpr size_t kRecordBytes = 16 << 10;
// At most this many sends of a turn are held back: enough to find the peers awake, and few enough that their
// latency hardly grows.
constexpr size_t kFlushesAtOnce = 32;

// Without an epoll instance there is nothing to run on; happens only when descriptors are exhausted at start.
int OrDie(int fd, const char* call) {
  if (fd < 0) {
    std::perror(call);
    std::abort();
  }
  return fd;
}

// The spawned tasks, so that those left over can be destroyed.
struct RootList {
  struct Link {
    Link* previous;
    Link* next;
  };
  Link head{&head, &head};
  size_t size = 0;
};

// The coroutine around a spawned task: starts at once, frees itself at the end.
struct Root {
  struct promise_type : RootList::Link {
    RootList& list;

    promise_type(RootList& roots, Task<void>&) : Link{roots.head.previous, &roots.head}, list(roots) {
      previous->next = this;
      next->previous = this;
      ++list.size;
    }
    ~promise_type() {
      previous->next = next;
      next->previous = previous;
      --list.size;
    }
    static void* operator new(size_t size) { return AllocateFrame(size); }
    static void operator delete(void* frame, size_t size) noexcept { FreeFrame(frame, size); }

    Root get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };

  static Root Start(RootList&, Task<void> task) { co_await task; }

  static void DestroyAll(RootList& list) {
    // From the front each time: destroying a task may end or spawn others.
    while (list.head.next != &list.head) {
      auto& promise = static_cast<promise_type&>(*list.head.next);
      std::coroutine_handle<promise_type>::from_promise(promise).destroy();
    }
  }
};

}  // namespace

struct Loop::Impl {
  explicit Impl(TimePoint now)
      : epoll(OrDie(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
        wake(OrDie(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
        wheel(now) {
    // Edge-triggered: each write wakes anew, so that the counter is never read.
    epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
    OrDie(epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &event), "epoll_ctl");
  }
  ~Impl() {
    close(wake);
    close(epoll);
  }

  void Wake() const {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake, &one, sizeof(one));
  }

  // Says whether to wait at all, and if so announces that whoever posts must wake us.
  bool MaySleep() {
    if (wheel.HasDue()) return false;
    const std::lock_guard lock(mutex);
    sleeping = posted.empty() && !stopping.load(std::memory_order_relaxed);
    return sleeping;
  }

  int EpollTimeout() {
    const TimePoint next = wheel.Next();
    if (next == kNever) return -1;
    const Duration left = next - Clock::now();
    if (left <= Duration::zero()) return 0;
    const auto millis = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    return static_cast<int>(std::min<int64_t>(millis, INT_MAX));
  }

  // The events that have come, at the latest when something is due.
  int Wait() {
    if (!MaySleep()) return epoll_wait(epoll, events.data(), kEventsPerTurn, 0);
    if (pollers.next == &pollers) {
      return epoll_wait(epoll, events.data(), kEventsPerTurn, EpollTimeout());
    }
    const Duration left = NextPoller()->due_ - Clock::now();
    if (left <= Duration::zero()) return epoll_wait(epoll, events.data(), kEventsPerTurn, 0);
    if (waits_briefly) {
      const timespec time{.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds(left).count()};
      const int count = epoll_pwait2(epoll, events.data(), kEventsPerTurn, &time, nullptr);
      if (count >= 0 || errno == EINTR) return count;
      // Linux before 5.11, or a sandbox that does not know the call.
      waits_briefly = false;
    }
    return epoll_wait(epoll, events.data(), kEventsPerTurn, 1);
  }

  Poller* NextPoller() const { return static_cast<Poller*>(pollers.next); }

  bool PollDue(TimePoint now) const { return pollers.next != &pollers && NextPoller()->due_ <= now; }

  void Dispatch(int count, TimePoint now) {
    event_count = count;
    poll_due = PollDue(now);
    for (event_index = 0; event_index < event_count; ++event_index) {
      const epoll_event& event = events[static_cast<size_t>(event_index)];
      if (auto* watcher = static_cast<Watcher*>(event.data.ptr)) watcher->OnEvents(event.events);
      if (flush_count >= kFlushesAtOnce) RunFlushes();
    }
    event_count = event_index = 0;
    for (size_t i = 0; poll_due && i < kPollsPerTurn; ++i) RunPoll(now);
    poll_due = false;
    RunFlushes();
  }

  void RunPoll(TimePoint now) {
    if (!PollDue(now)) return void(poll_due = false);
    Poller* const poller = NextPoller();
    poller->Leave();
    poll_due = PollDue(now);
    poller->OnPoll();
    if (flush_count >= kFlushesAtOnce) RunFlushes();
  }

  void RunFlushes() {
    while (flushes.next != &flushes) {
      auto* flush = static_cast<Flush*>(flushes.next);
      flush->Leave();
      flush->OnFlush();
    }
    flush_count = 0;
  }

  void RunPosted() {
    {
      const std::lock_guard lock(mutex);
      sleeping = false;
      running.swap(posted);
    }
    for (auto& function : running) std::exchange(function, nullptr)();
    running.clear();
  }

  const int epoll;
  const int wake;
  TimerWheel wheel;
  internal::ListNode flushes{&flushes, &flushes};
  size_t flush_count = 0;                          // at least as many as are in the list
  internal::ListNode pollers{&pollers, &pollers};  // by time
  bool poll_due = false;                           // one of them is to be handled in this turn
  bool waits_briefly = true;
  RootList roots;
  std::array<epoll_event, kEventsPerTurn> events;
  int event_index = 0;
  int event_count = 0;
  std::array<char, kScratchBytes> scratch;
  std::array<char, kRecordBytes> record_scratch;

  std::mutex mutex;
  std::vector<std::function<void()>> posted;   // guarded by mutex
  bool sleeping = false;                       // guarded by mutex
  std::vector<std::function<void()>> running;  // the batch of this turn
  std::atomic<bool> stopping = false;
};

const uint32_t Loop::kAllEdges = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

Loop::Loop() : now_(Clock::now()), impl_(std::make_unique<Impl>(now_)) {}

Loop::~Loop() {
  Root::DestroyAll(impl_->roots);
  // Destroying these functions may post others.
  while (!impl_->posted.empty()) std::exchange(impl_->posted, {});
}

void Loop::Run() {
  const RecycledFrames recycled;
  Impl& impl = *impl_;
  while (!impl.stopping.load(std::memory_order_acquire)) {
    const int count = impl.Wait();
    ++turn_;
    impl.Dispatch(std::max(count, 0), UpdateNow());
    impl.RunPosted();
    impl.wheel.Fire(now_);
  }
  impl.RunPosted();
  impl.stopping.store(false, std::memory_order_relaxed);
  Root::DestroyAll(impl.roots);
}

void Loop::Stop() {
  bool wake = false;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping.store(true, std::memory_order_release);
    wake = std::exchange(impl_->sleeping, false);
  }
  if (wake) impl_->Wake();
}

void Loop::Post(std::function<void()> function) {
  bool wake = false;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->posted.push_back(std::move(function));
    wake = std::exchange(impl_->sleeping, false);
  }
  if (wake) impl_->Wake();
}

void Loop::Spawn(Task<void> task) { Root::Start(impl_->roots, std::move(task)); }

size_t Loop::active_tasks() const { return impl_->roots.size; }

TimePoint Loop::UpdateNow() { return now_ = Clock::now(); }

bool Loop::has_more_events() const { return impl_->event_index + 1 < impl_->event_count || impl_->poll_due; }

void Loop::FlushSoon(Flush* flush) {
  flush->AppendTo(&impl_->flushes);
  ++impl_->flush_count;
}

void Loop::PollSoon(Poller* poller) {
  poller->due_ = now_ + kPollInterval - now_.time_since_epoch() % kPollInterval;
  poller->AppendTo(&impl_->pollers);
}

Task<WaitResult> Loop::SleepUntil(TimePoint when, CancelScope* scope) {
  Waiter waiter(*this, {.deadline = when, .scope = scope});
  const WaitResult result = co_await waiter;
  co_return result == WaitResult::kTimeout ? WaitResult::kReady : result;
}

int Loop::Watch(int fd, Watcher* watcher, uint32_t events) {
  epoll_event event{.events = events, .data = {.ptr = watcher}};
  return epoll_ctl(impl_->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

void Loop::Unwatch(int fd, Watcher* watcher) {
  epoll_ctl(impl_->epoll, EPOLL_CTL_DEL, fd, nullptr);
  for (int i = impl_->event_index + 1; i < impl_->event_count; ++i) {
    epoll_event& event = impl_->events[static_cast<size_t>(i)];
    if (event.data.ptr == watcher) event.data.ptr = nullptr;
  }
}

std::span<char> Loop::scratch() { return impl_->scratch; }
std::span<char> Loop::record_scratch() { return impl_->record_scratch; }

void Timer::Arm(TimePoint when) {
  Disarm();
  if (when != kNever) loop_.impl_->wheel.Insert(this, when, loop_.now_);
}

void Timer::Remove() { TimerWheel::Remove(this); }

}  // namespace portolan::net
