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
  std::chrono::seconds max_ttl{30};  // answers are kept for their TTL, but no longer
  std::chrono::seconds negative_ttl{1};
  size_t max_entries = 4096;
  std::chrono::milliseconds try_timeout{2'000};  // for the first try of each server; later tries wait longer
  int tries = 3;
  // The name servers, `ADDRESS:PORT,...`; empty: those of /etc/resolv.conf.
  std::string servers;
};

// Looks up host names without blocking (c-ares: /etc/hosts, /etc/resolv.conf with its search domains), and
// caches the answers. One per loop, for its thread. Concurrent lookups of one name share one query. IP
// literals are answered without a lookup, and so are `localhost` and the names below it (RFC 6761 section
// 6.3): 127.0.0.1, then ::1.
class Resolver {
 public:
  using Options = ResolverOptions;

  explicit Resolver(Loop& loop, Options options = {});
  // Lookups under way end with CANCELLED.
  ~Resolver();

  // The addresses of `host` with `port`, IPv4 and IPv6, in the order to try them (RFC 6724). Fails with
  // NOT_FOUND if there is no such name, UNAVAILABLE if no server answers, and DEADLINE_EXCEEDED or CANCELLED
  // as `wait` says. A lookup that nobody awaits any more goes on, for the cache.
  Task<absl::StatusOr<std::vector<SocketAddress>>> Resolve(std::string host, uint16_t port, Wait wait);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace portolan::net
