#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/net/socket.h"

namespace portolan::net {

struct ResolverOptions {
  std::chrono::seconds max_ttl{30};  // answers are kept for their TTL, at most this
  std::chrono::seconds negative_ttl{1};
  size_t max_entries = 4096;
  std::chrono::milliseconds try_timeout{2'000};  // of the first try of each server; later ones wait longer
  int tries = 3;
  // `ADDRESS:PORT,...` instead of those in /etc/resolv.conf.
  std::string servers;
};

// Asynchronous host name lookup (c-ares: /etc/hosts, /etc/resolv.conf with its search domains), with a cache
// per loop. Concurrent lookups of one name share one query. IP literals are answered without a lookup, and so
// are `localhost` and the names below it (RFC 6761 section 6.3): 127.0.0.1, then ::1.
class Resolver {
 public:
  using Options = ResolverOptions;

  explicit Resolver(Loop& loop, Options options = {});
  // Lookups under way end with CANCELLED.
  ~Resolver();

  // The addresses of `host`, in the order to try them (as RFC 6724 sorts them, IPv4 and IPv6). NOT_FOUND when
  // there is no such name, DEADLINE_EXCEEDED, CANCELLED, UNAVAILABLE when no server answers. A lookup goes
  // on, for the cache, when nobody waits for it any more.
  Task<absl::StatusOr<std::vector<SocketAddress>>> Resolve(std::string host, uint16_t port, Wait wait);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace portolan::net
