#pragma once

// Fetches the tokens that adapters lack, for one shard.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "providers/need.h"
#include "server/core/record.h"
#include "server/core/token_cache.h"
#include "server/net/loop.h"
#include "server/upstream/client.h"

namespace portolan::core {

// For the shard's thread. Lives as long as its loop runs.
class TokenSource final : public providers::Tokens {
 public:
  // Everything must outlive the source.
  TokenSource(net::Loop& loop, upstream::Client& client, CallObserver& observer)
      : loop_(loop), client_(client), observer_(observer) {}

  // The longest that one fetch takes, from connecting to the end of the answer.
  static constexpr std::chrono::seconds kFetchTime{10};

  const Secret* Find(std::string_view name) const override { return cache_.Find(name, loop_.now()); }

  // How a wait for a token ended.
  struct Result {
    net::WaitResult wait = net::WaitResult::kReady;  // anything else: the call is over, or its time is
    std::optional<TokenFailure> failure;             // none: ask the adapter again
  };
  // Begins the fetch, unless one is under way, and waits for it, unless there is an old token that is still
  // good. The fetch belongs to nobody: it goes on for others when the call that began it is cancelled.
  // `request_id` is that of the call, for the log.
  net::Task<Result> Get(providers::Need need, std::string_view request_id, net::Wait wait);

  // The provider has refused the token of this name, which was used at `used`: the next call fetches another.
  void Drop(std::string_view name, net::TimePoint used) { cache_.Drop(name, used); }

 private:
  net::Task<void> Fetch(TokenCache::EntryPtr entry, providers::Need need, std::string request_id);
  net::Task<std::variant<providers::Token, TokenFailure>> Ask(const providers::Need& need);

  net::Loop& loop_;
  upstream::Client& client_;
  CallObserver& observer_;
  TokenCache cache_;
};

}  // namespace portolan::core
