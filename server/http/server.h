#pragma once

// The HTTP/1.1 front of one shard: accepts connections, reads requests, calls a Handler, keeps connections
// alive.
//
//   Server server(loop, handler, {});
//   server.Listen(std::move(listener));
//   loop.Run();
//
// To stop: Drain() (answers say `Connection: close`), StopAccepting(), CloseIdle(), wait until
// open_connections() is 0, and Shutdown() when the grace period runs out.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/byte_budget.h"
#include "server/http/handler.h"
#include "server/net/listener.h"
#include "server/net/loop.h"
#include "server/net/socket.h"
#include "server/net/tls.h"

namespace portolan::http {

class Connection;
struct Exchange;

struct ServerOptions {
  size_t max_body_bytes = 64u << 20;  // also after inflation; 413 beyond
  size_t max_connections = 16'000;    // at which accepting pauses
  // What bodies count against; 503 when it is used up. Null: they are not counted. Must outlive the server.
  ByteBudget* held = nullptr;
  // For the TLS handshake; for a head from its first byte to its last.
  std::chrono::milliseconds head_timeout{30'000};
  std::chrono::milliseconds body_idle_timeout{60'000};   // between two reads of a body
  std::chrono::milliseconds keep_alive_timeout{75'000};  // between two requests
  // A write ends when the caller has acknowledged no byte for this long, or up to twice as long.
  std::chrono::milliseconds write_timeout{60'000};
  // After an answer that leaves some of the request unread, the rest is read and dropped for this long, so
  // that the caller gets to read the answer.
  std::chrono::milliseconds linger_timeout{10'000};
};

// Not thread-safe: lives on its loop's thread. Must outlive Loop::Run(), as the loop owns the connections'
// tasks.
class Server {
 public:
  Server(net::Loop& loop, Handler& handler, ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Accepts connections of `listener` from now on; if `tls` is not null they speak TLS.
  void Listen(std::unique_ptr<net::Listener> listener, std::shared_ptr<net::TlsContext> tls = nullptr);
  // New connections of TLS listeners use this context; existing ones keep theirs.
  void ReplaceTls(std::shared_ptr<net::TlsContext> tls);

  // From now on every answer says `Connection: close`, and its connection is closed after it.
  void Drain() { draining_ = true; }
  bool draining() const { return draining_; }
  // Accepts what the listeners have queued and closes them. Connections live on.
  void StopAccepting();
  // Closes connections on which no request has begun, now and from now on; busy ones are closed after their
  // answer. Implies Drain().
  void CloseIdle();
  // Cancels every request under way and cuts off callers that are still sending one. Implies CloseIdle() and
  // StopAccepting().
  void Shutdown(net::CancelReason reason = net::CancelReason::kShutdown);

  struct Counters {
    uint64_t accepted = 0;  // connections
    uint64_t requests = 0;  // handed to the handler
    uint64_t refused = 0;   // answered without the handler: malformed, too large, too slow, screened
  };
  const Counters& counters() const { return counters_; }
  size_t open_connections() const { return open_connections_; }
  size_t active_requests() const { return active_requests_; }

 private:
  friend class Connection;
  friend class ResponseWriter;
  friend struct Exchange;
  struct Door {
    std::unique_ptr<net::Listener> listener;
    std::shared_ptr<net::TlsContext> tls;
  };

  void OnAccept(std::unique_ptr<net::Socket> socket, const std::shared_ptr<net::TlsContext>& tls);
  void Add(Connection* connection);
  void Remove(Connection* connection);
  void PauseAccepting(bool paused);

  // Exchanges are used again, by later requests and other connections.
  std::unique_ptr<Exchange> TakeExchange();
  void GiveBack(std::unique_ptr<Exchange> exchange);

  // `date: …` and CR LF for the current second.
  std::string_view DateLine();

  net::Loop& loop_;
  Handler& handler_;
  const ServerOptions options_;
  const size_t large_body_;  // from which on a body's length is looked at
  std::vector<std::unique_ptr<Door>> doors_;
  Connection* first_ = nullptr;
  bool draining_ = false;
  bool closing_idle_ = false;
  bool paused_ = false;
  size_t open_connections_ = 0;
  size_t active_requests_ = 0;
  Counters counters_;
  std::vector<std::unique_ptr<Exchange>> spare_;
  std::time_t date_second_ = 0;
  std::string date_line_;
};

}  // namespace portolan::http
