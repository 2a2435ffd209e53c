#include "server/upstream/url_cache.h"

namespace portolan::upstream {

const UrlCache::Entry& UrlCache::Find(std::string_view url) {
  const auto found = entries_.find(url);
  if (found != entries_.end()) return found->second;
  // It is full only if callers keep naming new hosts; the URLs that recur are soon back.
  if (entries_.size() >= kMaxEntries) entries_.clear();
  Entry& entry = entries_[std::string(url)];
  entry.valid = ParseUrl(url, &entry.origin, &entry.path, &entry.problem);
  entry.untrusted = entry.origin;
  entry.untrusted.untrusted = true;
  return entry;
}

}  // namespace portolan::upstream
