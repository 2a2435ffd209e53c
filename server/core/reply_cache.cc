#include "server/core/reply_cache.h"

#include <utility>

namespace portolan::core {
namespace {

using guardrails::Reply;

size_t BytesOf(const ReplyCache::Entry& entry) { return entry.reply ? entry.reply->body.size() : 0; }

bool IsGood(const Reply& reply) { return reply.failure.empty() && reply.status >= 200 && reply.status < 300; }

}  // namespace

std::optional<Reply> ReplyCache::Entry::At(net::TimePoint now, std::chrono::seconds max_age) const {
  if (reply) {
    const auto age = std::chrono::floor<std::chrono::seconds>(now - since);
    if (age < max_age) {
      Reply told = *reply;
      told.age = age;
      return told;
    }
  }
  if (failure && now < failure_ends) return failure;
  return std::nullopt;
}

ReplyCache::EntryPtr ReplyCache::Open(std::string_view name) {
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
  Trim();
  return opened;
}

void ReplyCache::Finish(const EntryPtr& entry, Reply reply, net::TimePoint now) {
  entry->is_fetching = false;
  if (IsGood(reply)) {
    bool is_kept = false;
    for (const auto& [name, kept] : entries_) is_kept |= kept == entry;
    if (is_kept) bytes_ += reply.body.size() - BytesOf(*entry);
    entry->reply = std::move(reply);
    entry->since = now;
    entry->failure.reset();
  } else {
    entry->failure = std::move(reply);
    entry->failure_ends = now + kFailurePause;
  }
  Trim();
  for (net::Waiter* const waiter : std::exchange(entry->waiting, {})) waiter->Notify();
}

void ReplyCache::Trim() {
  // The one that was used last stays.
  while (used_.size() > 1 && (used_.size() > kMaxEntries || bytes_ > kMaxBytes)) {
    const std::string oldest = *used_.back();
    used_.pop_back();
    const auto found = entries_.find(oldest);
    bytes_ -= BytesOf(*found->second);
    entries_.erase(found);
  }
}

}  // namespace portolan::core
