#pragma once

// The inside of LogWriter: what its thread and its owner share. It lives until both are gone, so that a
// thread stuck in a write can be left behind.

#include <sys/uio.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "server/telemetry/log_writer.h"

namespace portolan::telemetry {

class LogThread {
 public:
  explicit LogThread(LogWriter::Options options);

  // What the thread runs: writes until Stop(), then once more what is left.
  void Run();

  void Stop();
  // Waits until a round that begins after this call has ended, or Run() has returned. False after `patience`.
  bool AwaitRound(std::chrono::milliseconds patience);
  bool AwaitEnd(std::chrono::milliseconds patience);

  LogRing& ring(size_t i) { return *rings_[i]; }
  bool Post(std::string_view line);
  uint64_t dropped() const;

 private:
  void WriteRound();
  void WriteRings();
  void WritePosted();
  void WriteDropNotice();
  bool WriteAll(iovec* pieces, int count);

  const LogWriter::Options options_;
  LogWaker waker_;
  std::vector<std::unique_ptr<LogRing>> rings_;
  // Lines that the queue had no room for, and lines lost to a failing descriptor.
  std::atomic<uint64_t> dropped_{0};
  uint64_t dropped_told_ = 0;  // how many of them the log already mentions; only for the thread

  std::mutex queue_mutex_;
  std::string queue_;

  std::mutex state_mutex_;
  std::condition_variable state_changed_;
  bool stopping_ = false;
  bool ended_ = false;
  uint64_t rounds_asked_ = 0;
  uint64_t rounds_done_ = 0;
};

}  // namespace portolan::telemetry
