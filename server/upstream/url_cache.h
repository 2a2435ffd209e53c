#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "server/upstream/client.h"

namespace portolan::upstream {

// Remembers what ParseUrl makes of a URL: a gateway has few base URLs, and needs them in every call. Bounded.
// For one shard's thread.
class UrlCache {
 public:
  struct Entry {
    bool valid = false;
    Origin origin;
    Origin untrusted;  // the same, for a URL that a caller named
    std::string path;
    std::string problem;  // why it is not valid
  };
  // The result is valid until the next Find.
  const Entry& Find(std::string_view url);

 private:
  static constexpr size_t kMaxEntries = 1024;

  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
};

}  // namespace portolan::upstream
