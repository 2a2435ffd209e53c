#pragma once

// The tokens of one shard, and who fetches which. Pure: the time is given to it, nothing is awaited.
//
// A token is used as it is while more than kMargin of its life is left (a quarter of it, if it is short).
// After that the next call starts a fetch, and all go on with the old one until that is there, or the old one
// has really ended: nobody waits while a good token is held. Of one name there is one fetch at a time.

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "providers/need.h"
#include "server/base/secret.h"
#include "server/net/suspension.h"

namespace portolan::core {

// Why a fetch failed. The caller is told in words of its own: two calls may share the fetch, and only one of
// them have brought the credentials.
struct TokenFailure {
  int http_status = 502;  // 401: the credentials are refused
  std::string message;    // `oauth2.googleapis.com refuses …`; nothing secret
};

class TokenCache {
 public:
  static constexpr size_t kMaxTokens = 1000;
  static constexpr std::chrono::minutes kMargin{5};
  // For how long a failure is remembered: nobody is asked a thousand times a second.
  static constexpr std::chrono::seconds kFailurePause{1};

  // One token, or its absence. Shared by the cache, its fetch and those who wait for it, so that what is
  // forgotten meanwhile does not trouble them.
  struct Entry {
    providers::Token token;  // empty: there is none
    net::TimePoint since;    // it came
    net::TimePoint renew_at;
    net::TimePoint ends;
    bool fetching = false;
    std::optional<TokenFailure> failure;  // of the last fetch
    net::TimePoint failure_ends;          // from when on another is tried
    std::vector<net::Waiter*> waiting;
    std::list<const std::string*>::iterator place;  // among those used, the latest first

    bool good(net::TimePoint now) const { return !token.text.empty() && now < ends; }
    // Whether a fetch should begin.
    bool due(net::TimePoint now) const {
      return !fetching && (!good(now) || now >= renew_at) && !(failure && now < failure_ends);
    }
  };
  using EntryPtr = std::shared_ptr<Entry>;

  // The token of this name; nullptr if there is no good one, or a fetch is due.
  const Secret* Find(std::string_view name, net::TimePoint now) const;
  // The entry of this name, made if there is none; then the one that was used longest ago goes, if there are
  // too many.
  EntryPtr Open(std::string_view name);
  // A fetch has ended: keeps what it gave, and wakes those who wait.
  static void Finish(Entry& entry, std::variant<providers::Token, TokenFailure> result, net::TimePoint now);
  // Forgets the token of this name if it was there at `used`: the provider has refused it.
  void Drop(std::string_view name, net::TimePoint used);

  size_t size() const { return entries_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  std::unordered_map<std::string, EntryPtr, Hash, std::equal_to<>> entries_;
  std::list<const std::string*> used_;
};

}  // namespace portolan::core
