#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "server/upstream/client.h"

namespace portolan::upstream {

// What ParseUrl says of a URL, remembered: the base URLs of a gateway are few and come again with every call.
// Bounded; belongs to one shard.
class UrlCache {
 public:
  struct Entry {
    bool valid = false;
    Origin origin;
    Origin untrusted;  // the same, where a caller named it
    std::string path;
    std::string problem;  // why it is not valid
  };
  // The entry lives until the next Find.
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
