#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/net/socket.h"

namespace portolan::net {

// Asynchronous host name lookup (c-ares: /etc/hosts, /etc/resolv.conf), with a cache per loop. Concurrent
// lookups of one name share one query. IP literals are answered without a lookup.
class Resolver {
 public:
  explicit Resolver(Loop& loop);
  ~Resolver();

  struct Options {
    std::chrono::seconds max_ttl{30};  // answers are kept for their TTL, at most this
    std::chrono::seconds negative_ttl{1};
    size_t max_entries = 4096;
  };

  // The addresses of `host`, in the order to try them (as RFC 6724 sorts them, IPv4 and IPv6). NOT_FOUND when
  // there is no such name, DEADLINE_EXCEEDED, CANCELLED, UNAVAILABLE when no server answers.
  Task<absl::StatusOr<std::vector<SocketAddress>>> Resolve(std::string host, uint16_t port, Wait wait);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace portolan::net
