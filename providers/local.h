#pragma once

#include <chrono>
#include <memory>

#include "providers/call.h"
#include "server/base/error.h"

namespace portolan::providers {

// A provider inside the process. It does no I/O either: it says what to answer and how long to wait first.
// Immutable, thread-safe.
class LocalProvider {
 public:
  virtual ~LocalProvider() = default;

  struct Step {
    enum class Kind : uint8_t { kMessage, kError, kCut, kEnd };
    Kind kind = Kind::kEnd;
    std::chrono::milliseconds delay{0};  // before this step
    Error error;                         // kError
  };
  class Answer {
   public:
    virtual ~Answer() = default;
    // The next step. For kMessage it fills *out, which is empty and of the hub's answer or chunk type.
    virtual Step Next(Message* out) = 0;
  };
  // `request` is the hub's request and outlives the answer.
  virtual std::unique_ptr<Answer> Start(const CallFacts& facts, const Message& request) const = 0;
};

}  // namespace portolan::providers
