#pragma once

// A bound on the bytes that many parts of the process hold together.

#include <atomic>
#include <cstdint>
#include <utility>

#include "server/base/error.h"

namespace portolan {

// Thread-safe. Must outlive its leases.
class ByteBudget {
 public:
  // So little is not counted: whoever has a connection may hold it.
  static constexpr uint64_t kUncounted = 64u << 10;

  explicit ByteBudget(uint64_t limit) : limit_(limit) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  uint64_t limit() const { return limit_; }
  // What all leases hold now. May be more than the limit: see Lease::Hold.
  uint64_t held() const { return held_.load(std::memory_order_relaxed); }
  bool HasRoomFor(uint64_t bytes) const { return held() <= limit_ && bytes <= limit_ - held(); }

  // What one part holds; given back when the lease ends. Belongs to one thread at a time.
  class Lease {
   public:
    Lease() = default;
    // Null: nothing is counted, and there is always room.
    explicit Lease(ByteBudget* budget) : budget_(budget) {}
    ~Lease() { Release(); }
    Lease(Lease&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }

    uint64_t bytes() const { return bytes_; }

    // Holds `bytes` in all from now on, if that is more than before and there is room. False: it stays as it
    // was.
    bool TryHold(uint64_t bytes) {
      if (budget_ == nullptr || bytes <= bytes_ || bytes <= kUncounted) return true;
      const uint64_t more = bytes - bytes_;
      uint64_t held = budget_->held_.load(std::memory_order_relaxed);
      do {
        if (held > budget_->limit_ || more > budget_->limit_ - held) return false;
      } while (!budget_->held_.compare_exchange_weak(held, held + more, std::memory_order_relaxed));
      bytes_ = bytes;
      return true;
    }

    // The same, room or not: for what cannot be refused any more.
    void Hold(uint64_t bytes) {
      if (budget_ == nullptr || bytes <= bytes_ || bytes <= kUncounted) return;
      budget_->held_.fetch_add(bytes - bytes_, std::memory_order_relaxed);
      bytes_ = bytes;
    }

    void Release() {
      if (bytes_ == 0) return;
      budget_->held_.fetch_sub(bytes_, std::memory_order_relaxed);
      bytes_ = 0;
    }

   private:
    ByteBudget* budget_ = nullptr;
    uint64_t bytes_ = 0;
  };

 private:
  const uint64_t limit_;
  std::atomic<uint64_t> held_{0};
};

// Of a call for whose body there is no room: 503, and to be tried again.
Error Overloaded(const ByteBudget& budget);

}  // namespace portolan
