#pragma once

// The one thread that writes the log. Shards put lines into rings of their own and never wait:
//
//   shard 0 ── ring ──┐
//   shard 1 ── ring ──┼──► thread ── writev ──► stderr      every 100 ms, or as soon as a ring holds 256 KB
//   anybody ── queue ─┘
//
// Lines for which there is no room are dropped and counted, and the count is logged. A log that nobody reads
// (a full pipe) holds up nothing else.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace portolan::telemetry {

// Wakes the log's thread early. Thread-safe; Wake() never blocks, and costs nothing if the thread is about to
// wake anyway.
class LogWaker {
 public:
  LogWaker();
  ~LogWaker();
  LogWaker(const LogWaker&) = delete;
  LogWaker& operator=(const LogWaker&) = delete;

  void Wake();
  void WaitFor(std::chrono::milliseconds time);

 private:
  const int event_fd_;  // -1 where the system refuses one: then nothing wakes the thread early
  std::atomic<bool> awake_{false};
};

// Lines on their way from one shard to the writer. One thread appends, one reads.
class LogRing {
 public:
  // Wakes the thread when `wake_at` bytes are waiting. REQUIRES: capacity is a power of two.
  LogRing(size_t capacity, size_t wake_at, LogWaker& waker);

  // Copies the whole of `line`, or drops it and returns false. For the shard's thread only.
  bool Append(std::string_view line);

  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  friend class LogThread;

  // What can be read now, in up to two pieces. Like Consume, for the writer only.
  std::array<std::span<const char>, 2> Readable() const;
  void Consume(size_t bytes);

  const size_t capacity_;
  const size_t wake_at_;
  const std::unique_ptr<char[]> bytes_;
  LogWaker& waker_;
  // Positions only grow; modulo the capacity they are places in bytes_.
  alignas(64) std::atomic<uint64_t> written_{0};  // by the shard
  uint64_t read_seen_ = 0;                        // the last value of read_ that the shard saw
  std::atomic<uint64_t> dropped_{0};
  alignas(64) std::atomic<uint64_t> read_{0};  // by the writer
};

class LogWriter {
 public:
  struct Options {
    int fd = 2;  // borrowed
    size_t shards = 1;
    size_t ring_bytes = 1 << 20;     // per shard, rounded up to a power of two
    size_t queue_bytes = 256 << 10;  // for lines that come by Post()
    size_t batch_bytes = 256 << 10;  // wakes the thread
    std::chrono::milliseconds interval{100};
    // How long Flush and the destructor wait for a stuck descriptor.
    std::chrono::milliseconds patience{2000};
  };
  explicit LogWriter(Options options);
  // Writes what is left and ends the thread. Leaves it behind if it is stuck in a write.
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // REQUIRES: i < options.shards.
  LogRing& ring(size_t i);

  // Hands in a line, from any thread. Takes a lock, so only for what happens seldom. False if the line was
  // dropped.
  bool Post(std::string_view line);

  // Waits until everything appended before this call has been written. False if that takes longer than
  // `patience`.
  bool Flush();

  uint64_t dropped() const;

 private:
  std::shared_ptr<class LogThread> thread_;
  std::chrono::milliseconds patience_;
};

}  // namespace portolan::telemetry
