#pragma once

// Tells a slow reader from one that has stopped. Internal to server/http.

#include <chrono>
#include <cstdint>
#include <optional>

#include "server/net/cancel.h"
#include "server/net/loop.h"

namespace portolan::http {

// Ends a write when the peer has acknowledged nothing for a time-out. What the kernel takes from us says too
// little: it asks for more only when a third of its buffer, megabytes, has drained. So this looks at TCP's
// own count of acknowledged bytes, twice in a time-out, and only while a write is waiting that long.
class WriteWatch : private net::Timer, private net::CancelScope::Hook {
 public:
  WriteWatch(net::Loop& loop, std::chrono::milliseconds timeout) : Timer(loop), timeout_(timeout) {}

  // A write on `fd` begins. Returns the scope to wait with: cancelled when the peer stops reading, and when
  // `caller` is cancelled, unless it is already: then the write is tried all the same.
  net::CancelScope* Begin(int fd, net::CancelScope* caller);
  void End() {
    Disarm();
    Unlink();
  }
  // The last write was ended because the peer had stopped reading.
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
