#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/net/socket.h"

namespace portolan::net {

// Parses `HOST:PORT`, `[v6]:PORT` or `:PORT` (all addresses); HOST is an IP literal or `localhost`.
absl::StatusOr<SocketAddress> ParseAddress(std::string_view text);

// A listening TCP socket of one loop. Several loops may listen on one address (SO_REUSEPORT).
// Binds for a moment to see that nobody has the address: listeners that share a port (SO_REUSEPORT) would
// share it with another process of this user's as well. Port 0 is always free. Fails like Listener::Open.
absl::Status CheckFree(const SocketAddress& address);

class Listener {
 public:
  // Fails with the address and the reason in the message (`127.0.0.1:8787 is in use`).
  static absl::StatusOr<std::unique_ptr<Listener>> Open(Loop& loop, const SocketAddress& address,
                                                        bool reuse_port);
  ~Listener();

  SocketAddress address() const;  // with the port the system chose

  // Calls `on_accept` for every connection from now on; it must not destroy the listener. When the process or
  // system runs out of descriptors accepting pauses and tries again after 100 ms.
  void Start(std::function<void(std::unique_ptr<Socket>)> on_accept);
  // Accepts what is queued already, paused or not, then stops listening.
  void Stop();
  // Stops and resumes accepting (connection limit); the listening socket stays open.
  void Pause(bool paused);

 private:
  Listener();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace portolan::net
