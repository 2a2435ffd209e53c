#pragma once

// Those who wait for what another coroutine of the same shard fetches. Internal to core/.

#include <utility>
#include <vector>

#include "server/net/suspension.h"

namespace portolan::core {

// A place among those who wait for an entry of a cache, for as long as the coroutine lives. `Entry` is a
// shared pointer to something with a member `waiting`.
template <typename Entry>
class WaitingPlace {
 public:
  WaitingPlace(Entry entry, net::Waiter& waiter) : entry_(std::move(entry)), waiter_(waiter) {
    entry_->waiting.push_back(&waiter_);
  }
  WaitingPlace(const WaitingPlace&) = delete;
  WaitingPlace& operator=(const WaitingPlace&) = delete;
  ~WaitingPlace() { std::erase(entry_->waiting, &waiter_); }

 private:
  const Entry entry_;
  net::Waiter& waiter_;
};

}  // namespace portolan::core
