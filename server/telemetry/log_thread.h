#pragma once

// Inside of LogWriter: what the thread and the writer's owner share. It lives until both are gone, so that a
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

  // The thread's life: until Stop, then once more for what is left.
  void Run();

  void Stop();
  // Waits until a round that began after this call is over, or Run has returned.
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
  std::atomic<uint64_t> dropped_{0};  // lines of the queue, and lines lost to a failing descriptor
  uint64_t dropped_told_ = 0;         // how many the log has been told of; only the thread's

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
