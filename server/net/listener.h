#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/net/socket.h"

namespace portolan::net {

// Fails like Listener::Open if another socket has the address. Worth asking before listeners share a port
// (SO_REUSEPORT): they would share it with another process of the same user too. Binds for a moment only.
// Port 0 is always free.
absl::Status CheckFree(const SocketAddress& address);

// A listening TCP socket of one loop, for the loop's thread. Several loops may listen on one address
// (SO_REUSEPORT). Destroying it closes the socket.
class Listener {
 public:
  // Fails with the address and the reason in the message (`127.0.0.1:8787 is in use`).
  static absl::StatusOr<std::unique_ptr<Listener>> Open(Loop& loop, const SocketAddress& address,
                                                        bool reuse_port);
  ~Listener();

  SocketAddress address() const;  // with the port that the system chose

  // Calls `on_accept` for every connection from now on; it must not destroy the listener. When the process or
  // the system runs out of descriptors, accepting pauses and is tried again after 100 ms.
  void Start(std::function<void(std::unique_ptr<Socket>)> on_accept);
  // Accepts the connections already queued, even if paused, then stops listening.
  void Stop();
  // Stops accepting (true), as at a limit of connections, or resumes it (false). The socket goes on
  // listening.
  void Pause(bool paused);

 private:
  Listener();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace portolan::net
