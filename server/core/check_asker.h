#pragma once

// Asks what checks of guardrails want to know, for one shard. Nothing of a call goes along but what a
// question holds: no header, no credential. Redirects are not followed. A question whose URL came from a
// caller or a text goes only to addresses that callers may name (upstream::AddressPolicy).

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/record.h"
#include "server/core/reply_cache.h"
#include "server/guardrails/guardrail_run.h"
#include "server/guardrails/question.h"
#include "server/net/loop.h"
#include "server/upstream/client.h"

namespace portolan::core {

// For the shard's thread. Lives as long as its loop runs.
class CheckAsker {
 public:
  // Everything must outlive the asker.
  CheckAsker(net::Loop& loop, upstream::Client& client, CallObserver& observer)
      : loop_(loop), client_(client), observer_(observer) {}
  CheckAsker(const CheckAsker&) = delete;
  CheckAsker& operator=(const CheckAsker&) = delete;

  // How much may be under way beside the calls: in number, and in bytes of what is told.
  static constexpr size_t kMaxBeside = 256;
  static constexpr size_t kMaxBesideBytes = 64u << 20;

  // Asks all at once, each for as long as it says and no longer than `wait` lasts. *replies gets one for
  // each, in their order. kTimeout and kCancelled: `wait` is over, and the replies are of no use.
  net::Task<net::WaitResult> Ask(std::vector<guardrails::Question> questions, net::Wait wait,
                                 std::vector<guardrails::Reply>* replies);

  // Starts what nobody waits for and which holds so many bytes. It must own what it needs. False, with
  // nothing started, if too much is under way.
  bool SpawnBeside(net::Task<void> task, size_t bytes);
  // Posts likewise, and counts what becomes of it.
  bool Post(HookPhase phase, guardrails::BesidePost post);

  CallObserver& observer() const { return observer_; }
  net::Loop& loop() const { return loop_; }

 private:
  struct Gathering;

  net::Task<guardrails::Reply> AskOne(guardrails::Question question, net::Wait wait);
  net::Task<guardrails::Reply> AskCached(guardrails::Question question, net::Wait wait);
  net::Task<guardrails::Reply> Fetch(guardrails::Question question, net::Wait wait);
  net::Task<guardrails::Reply> LookUp(upstream::Origin origin, net::Wait wait);
  net::Task<void> FetchFor(ReplyCache::EntryPtr entry, guardrails::Question question);
  net::Task<void> Gather(std::shared_ptr<Gathering> all, size_t index, net::TimePoint deadline);
  net::Task<void> Beside(net::Task<void> task, size_t bytes);
  net::Task<void> PostOne(HookPhase phase, guardrails::BesidePost post);

  net::Loop& loop_;
  upstream::Client& client_;
  CallObserver& observer_;
  ReplyCache cache_;
  size_t beside_ = 0;
  size_t beside_bytes_ = 0;
};

}  // namespace portolan::core
