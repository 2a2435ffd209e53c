#pragma once

// Replies to what checks of guardrails ask that may be used again (sets of keys), and who asks for which. For
// one shard. Pure: the time is given to it, nothing is awaited. Of one name there is one fetch at a time.

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/guardrails/question.h"
#include "server/net/suspension.h"

namespace portolan::core {

class ReplyCache {
 public:
  static constexpr size_t kMaxEntries = 256;
  static constexpr size_t kMaxBytes = 16u << 20;  // of all bodies; a shard's
  // For how long a failure is remembered: nobody is asked a thousand times a second.
  static constexpr std::chrono::seconds kFailurePause{1};

  // One reply, or its absence. Shared by the cache, its fetch and those who wait for it, so that what is
  // forgotten meanwhile does not trouble them.
  struct Entry {
    std::optional<guardrails::Reply> reply;  // the last good one
    net::TimePoint since;                    // it came
    bool is_fetching = false;
    std::optional<guardrails::Reply> failure;  // of the last fetch
    net::TimePoint failure_ends;               // from when on another is tried
    std::vector<net::Waiter*> waiting;
    std::list<const std::string*>::iterator place;  // among those used, the latest first

    // What is to be said at `now` to who takes replies that are no older than `max_age`; nullopt: it must be
    // fetched.
    std::optional<guardrails::Reply> At(net::TimePoint now, std::chrono::seconds max_age) const;
  };
  using EntryPtr = std::shared_ptr<Entry>;

  // The entry of this name, made if there is none; then those that were used longest ago go, if there are too
  // many.
  EntryPtr Open(std::string_view name);
  // A fetch has ended: keeps what it gave, and wakes those who wait. Only a status of 2xx is worth keeping.
  void Finish(const EntryPtr& entry, guardrails::Reply reply, net::TimePoint now);

  size_t size() const { return entries_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  void Trim();

  std::unordered_map<std::string, EntryPtr> entries_;
  std::list<const std::string*> used_;
  size_t bytes_ = 0;
};

}  // namespace portolan::core
