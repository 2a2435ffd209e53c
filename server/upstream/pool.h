#pragma once

// Connections kept open between calls. The one used last is taken first; one that its peer closes is dropped
// at once. For the shard's thread.

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "server/net/loop.h"
#include "server/net/socket.h"
#include "server/upstream/client.h"
#include "server/upstream/url.h"

namespace portolan::upstream {

class Pool;

// An open connection, in use or idle. Destroying it closes it.
class Connection {
 public:
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  net::Socket& socket() { return *socket_; }
  const Origin& origin() const;

 private:
  friend class Pool;
  struct Group;
  Connection(Pool& pool, Group& group, std::unique_ptr<net::Socket> socket);

  Pool& pool_;
  Group& group_;
  std::unique_ptr<net::Socket> socket_;
  net::TimePoint idle_since_;
};

class Pool : private net::Timer {
 public:
  Pool(net::Loop& loop, size_t max_idle_per_origin, std::chrono::seconds keep_alive);
  // REQUIRES: no connection is in use.
  ~Pool() override;

  // Takes the idle connection to `origin` that was used last and is still good; null if there is none.
  std::unique_ptr<Connection> Take(const Origin& origin);
  // Makes a fresh socket into a connection of this pool, in use.
  std::unique_ptr<Connection> Adopt(const Origin& origin, std::unique_ptr<net::Socket> socket);
  // Takes a connection back to be used again. REQUIRES: its last answer was read to its end.
  void Give(std::unique_ptr<Connection> connection);

  size_t idle() const;

 private:
  friend class Connection;
  void OnTimer() override;
  void Drop(Connection* connection);

  net::Loop& loop_;
  const size_t max_idle_;
  const std::chrono::seconds keep_alive_;
  bool closing_ = false;
  // A group lives as long as it has connections.
  std::unordered_map<Origin, std::unique_ptr<Connection::Group>, OriginHash> groups_;
};

}  // namespace portolan::upstream
