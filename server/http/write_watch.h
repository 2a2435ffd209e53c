#pragma once

// Tells a slow reader from one that has stopped. Internal to server/http.

#include <chrono>
#include <cstdint>
#include <optional>

#include "server/net/cancel.h"
#include "server/net/loop.h"

namespace portolan::http {

// Ends a write when the peer has acknowledged nothing for the time-out. When the kernel takes more from us
// says too little: it does so only after a third of its buffer, megabytes, has drained. So this looks at
// TCP's own count of acknowledged bytes, twice per time-out, and only while a write waits that long. For the
// loop's thread.
class WriteWatch : private net::Timer, private net::CancelScope::Hook {
 public:
  WriteWatch(net::Loop& loop, std::chrono::milliseconds timeout) : Timer(loop), timeout_(timeout) {}

  // Begins to watch a write on `fd`. Returns the scope to wait with, which is cancelled when the peer stops
  // reading or when `caller` is cancelled. If `caller` is cancelled already, that does not count: the write
  // is tried all the same.
  net::CancelScope* Begin(int fd, net::CancelScope* caller);
  void End() {
    Disarm();
    Unlink();
  }
  // Whether the last write ended because the peer had stopped reading.
  bool stalled() const { return stalled_; }

 private:
  void OnTimer() override;
  void OnCancel(net::CancelReason reason) override { scope_->Cancel(reason); }

  const std::chrono::milliseconds timeout_;
  std::optional<net::CancelScope> scope_;
  int fd_ = -1;
  bool stalled_ = false;
  int quiet_halves_ = 0;
  uint64_t acknowledged_ = 0;
};

}  // namespace portolan::http
