#pragma once

// The time limits of a call's steps, and how they fail: kinds and messages in one place.

#include <chrono>
#include <string>
#include <string_view>

#include "server/net/loop.h"
#include "server/net/socket.h"
#include "server/upstream/client.h"

namespace portolan::upstream {

// How the message of a kDeadline begins; what was under way follows.
inline constexpr std::string_view kOutOfTime = "the call's time ran out while ";

Failure Fail(FailureKind kind, std::string message);

// `5 s`, `250 ms`.
std::string ToText(std::chrono::milliseconds duration);

// One step of a call: its own limit within the call's budget.
class Step {
 public:
  // `passed` is how much of the limit has been used already.
  Step(const net::Loop& loop, net::Wait call, std::chrono::milliseconds limit, net::Duration passed = {})
      : call_(call), limit_(limit), deadline_(limit < kLongest ? loop.now() + limit - passed : net::kNever) {}

  // For the awaits of the step.
  net::Wait wait() const { return {std::min(call_.deadline, deadline_), call_.scope}; }
  net::Wait wait_until(net::TimePoint sooner) const {
    return {std::min({call_.deadline, deadline_, sooner}), call_.scope};
  }
  net::TimePoint deadline() const { return deadline_; }
  std::chrono::milliseconds limit() const { return limit_; }
  bool over(net::TimePoint now) const { return now >= std::min(call_.deadline, deadline_); }

  // The failure of a step that was ended by time (kTimeout) or by its scope (kCancelled). `timeout_kind` and
  // `timeout_message` are for the case that the step's own limit ran out; `doing` says what it was doing
  // (`waiting for the answer of host:443`).
  Failure Interrupted(net::IoCode code, FailureKind timeout_kind, std::string timeout_message,
                      std::string_view doing) const;

 private:
  // A longer limit is no limit; this also keeps the sum from overflowing.
  static constexpr std::chrono::hours kLongest{24 * 365};

  net::Wait call_;
  std::chrono::milliseconds limit_;
  net::TimePoint deadline_;
};

}  // namespace portolan::upstream
