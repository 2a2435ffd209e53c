#include "server/telemetry/log_writer.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <thread>

#include "server/telemetry/log_thread.h"

namespace portolan::telemetry {

LogWaker::LogWaker() : event_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

LogWaker::~LogWaker() {
  if (event_fd_ >= 0) close(event_fd_);
}

void LogWaker::Wake() {
  if (awake_.load(std::memory_order_relaxed) || awake_.exchange(true, std::memory_order_acq_rel)) return;
  const uint64_t one = 1;
  // It cannot fail but for a counter at its limit, which wakes just as well.
  [[maybe_unused]] const ssize_t n = write(event_fd_, &one, sizeof one);
}

void LogWaker::WaitFor(std::chrono::milliseconds time) {
  pollfd event{event_fd_, POLLIN, 0};
  poll(&event, 1, static_cast<int>(time.count()));
  if ((event.revents & POLLIN) != 0) {
    uint64_t count;
    [[maybe_unused]] const ssize_t n = read(event_fd_, &count, sizeof count);
    awake_.store(false, std::memory_order_release);
  }
}

LogRing::LogRing(size_t capacity, size_t wake_at, LogWaker& waker)
    : capacity_(capacity), wake_at_(wake_at), bytes_(new char[capacity]), waker_(waker) {}

bool LogRing::Append(std::string_view line) {
  const uint64_t position = written_.load(std::memory_order_relaxed);
  if (line.size() > capacity_ - (position - read_seen_)) {
    read_seen_ = read_.load(std::memory_order_acquire);
    if (line.size() > capacity_ - (position - read_seen_)) {
      dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      return false;
    }
  }
  const size_t place = position & (capacity_ - 1);
  const size_t first = std::min(line.size(), capacity_ - place);
  std::memcpy(bytes_.get() + place, line.data(), first);
  std::memcpy(bytes_.get(), line.data() + first, line.size() - first);
  written_.store(position + line.size(), std::memory_order_release);
  if (position + line.size() - read_seen_ >= wake_at_) {
    read_seen_ = read_.load(std::memory_order_acquire);
    if (position + line.size() - read_seen_ >= wake_at_) waker_.Wake();
  }
  return true;
}

std::array<std::span<const char>, 2> LogRing::Readable() const {
  const uint64_t position = read_.load(std::memory_order_relaxed);
  const size_t size = written_.load(std::memory_order_acquire) - position;
  const size_t place = position & (capacity_ - 1);
  const size_t first = std::min(size, capacity_ - place);
  return {std::span<const char>(bytes_.get() + place, first),
          std::span<const char>(bytes_.get(), size - first)};
}

void LogRing::Consume(size_t bytes) {
  read_.store(read_.load(std::memory_order_relaxed) + bytes, std::memory_order_release);
}

LogWriter::LogWriter(Options options) {
  options.ring_bytes = std::bit_ceil(options.ring_bytes);
  thread_ = std::make_shared<LogThread>(options);
  patience_ = options.patience;
  // Signals are for the threads that expect them, and a closed pipe is an error like any other. The mask is
  // inherited.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  std::thread([thread = thread_] {
    pthread_setname_np(pthread_self(), "log");
    thread->Run();
  }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LogWriter::~LogWriter() {
  thread_->Stop();
  thread_->AwaitEnd(patience_);
}

LogRing& LogWriter::ring(size_t i) { return thread_->ring(i); }

bool LogWriter::Post(std::string_view line) { return thread_->Post(line); }

bool LogWriter::Flush() { return thread_->AwaitRound(patience_); }

uint64_t LogWriter::dropped() const { return thread_->dropped(); }

}  // namespace portolan::telemetry
