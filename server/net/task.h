#pragma once

// Task<T>: a coroutine that starts when it is awaited. A task is awaited exactly once. It runs on the thread
// that awaits it; resuming the awaiter is a symmetric transfer, so a chain of awaits costs no stack. Frames
// come from a recycler of the thread's. Nothing in a coroutine may throw: an exception that escapes ends the
// process.
//
//   Task<int> Inner();
//   Task<void> Outer() { int n = co_await Inner(); ... }
//
// Destroying a Task that has not finished destroys its frame, and with it everything that frame awaits; the
// awaitables of this library deregister themselves when they are destroyed.
//
// GCC 12 miscompiles coroutine lambdas with captures, captures inside a co_await expression, and co_await
// inside `?:` or `&&`. Write none of these; pass state as parameters.

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include "server/net/frame.h"

// Not every compiler makes tail calls in instrumented code (GCC does not); symmetric transfer would then grow
// the stack with every await that does not suspend. There such awaits return to their caller instead.
#if PORTOLAN_SANITIZED
#define PORTOLAN_TAIL_CALLS 0
#else
#define PORTOLAN_TAIL_CALLS 1
#endif

namespace portolan::net {

namespace internal {

struct PromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();
#if !PORTOLAN_TAIL_CALLS
  bool finished = false;
#endif

  static void* operator new(std::size_t size) { return AllocateFrame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { FreeFrame(frame, size); }

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> handle) noexcept {
#if !PORTOLAN_TAIL_CALLS
      handle.promise().finished = true;
#endif
      return handle.promise().continuation;
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T Take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  void return_void() noexcept {}
  void Take() noexcept {}
};

}  // namespace internal

template <typename T = void>
class [[nodiscard]] Task {
 public:
  struct promise_type : internal::Promise<T> {
    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
  };

  Task() = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      Destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~Task() { Destroy(); }

  bool await_ready() const noexcept { return false; }
#if PORTOLAN_TAIL_CALLS
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    handle_.promise().continuation = awaiting;
    return handle_;
  }
#else
  bool await_suspend(std::coroutine_handle<> awaiting) noexcept {
    handle_.resume();
    if (handle_.promise().finished) return false;
    handle_.promise().continuation = awaiting;
    return true;
  }
#endif
  T await_resume() { return handle_.promise().Take(); }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  void Destroy() {
    if (handle_) handle_.destroy();
  }

  std::coroutine_handle<promise_type> handle_;
};

}  // namespace portolan::net
