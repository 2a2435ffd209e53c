#include "server/core/token_cache.h"

#include <algorithm>
#include <utility>

namespace portolan::core {

const Secret* TokenCache::Find(std::string_view name, net::TimePoint now) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return nullptr;
  const Entry& entry = *found->second;
  return entry.good(now) && !entry.due(now) ? &entry.token.text : nullptr;
}

TokenCache::EntryPtr TokenCache::Open(std::string_view name) {
  const auto [found, is_new] = entries_.try_emplace(std::string(name));
  EntryPtr& entry = found->second;
  if (is_new) {
    entry = std::make_shared<Entry>();
    used_.push_front(&found->first);
    entry->place = used_.begin();
  } else {
    used_.splice(used_.begin(), used_, entry->place);
  }
  EntryPtr opened = entry;
  if (entries_.size() > kMaxTokens) {
    const std::string oldest = *used_.back();
    used_.pop_back();
    entries_.erase(oldest);
  }
  return opened;
}

void TokenCache::Finish(Entry& entry, std::variant<providers::Token, TokenFailure> result,
                        net::TimePoint now) {
  entry.fetching = false;
  if (auto* const failure = std::get_if<TokenFailure>(&result)) {
    entry.failure = std::move(*failure);
    entry.failure_ends = now + kFailurePause;
  } else {
    entry.token = std::get<providers::Token>(std::move(result));
    entry.failure.reset();
    const net::Duration lifetime = entry.token.lifetime;
    entry.since = now;
    entry.ends = now + lifetime;
    entry.renew_at = entry.ends - std::min<net::Duration>(kMargin, lifetime / 4);
  }
  for (net::Waiter* const waiter : std::exchange(entry.waiting, {})) waiter->Notify();
}

void TokenCache::Drop(std::string_view name, net::TimePoint used) {
  const auto found = entries_.find(name);
  if (found == entries_.end() || found->second->since > used) return;
  found->second->token = {};
}

}  // namespace portolan::core
