#pragma once

// Spares a middleware that fails again and again, and those who would wait for it.

#include <chrono>

#include "server/net/loop.h"

namespace portolan::middleware {

// Of one middleware on one shard. Pure.
class Breaker {
 public:
  static constexpr int kFailures = 5;  // in a row
  static constexpr std::chrono::seconds kPause{1};

  // Whether it is not to be asked now.
  bool open(net::TimePoint now) const { return now < until_; }
  void Succeed() { failures_ = 0; }
  // After a pause, one failure is enough for the next.
  void Fail(net::TimePoint now) {
    if (++failures_ >= kFailures) until_ = now + kPause;
  }

 private:
  int failures_ = 0;
  net::TimePoint until_;
};

}  // namespace portolan::middleware
