#include "server/net/descriptors.h"

#include <sys/resource.h>

namespace portolan::net {

std::optional<uint64_t> RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  if (limit.rlim_cur < limit.rlim_max) {
    const rlimit wanted{limit.rlim_max, limit.rlim_max};
    // Where the kernel refuses, it stays as it was.
    if (setrlimit(RLIMIT_NOFILE, &wanted) == 0) limit = wanted;
  }
  return limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : uint64_t{limit.rlim_cur};
}

}  // namespace portolan::net
