#pragma once

// The gRPC front: serves every operation's rpcs, server reflection and grpc.health.v1, and hands each call to
// the service of a shard.
//
//   a queue's thread                     the call's shard
//   Acceptor: rpc arrives ─ post ──────► parse, check, Service::Handle
//   OnClosed(cancelled) ─── post ──────► scope.Cancel
//                                        StartFinish, StartWrite  (begun here, thread-safe)
//   OnWritten, if waited for ─ post ───► WriteMessages, EndStream go on

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/call.h"
#include "server/core/service.h"
#include "server/net/loop.h"
#include "server/net/tls.h"

namespace portolan::rpc {

// Where calls are carried out: a running loop, and the service that belongs to it.
struct Shard {
  net::Loop* loop = nullptr;
  core::Service* service = nullptr;
};

struct RpcOptions {
  std::string address = "127.0.0.1:50051";  // `HOST:PORT`, `[v6]:PORT` or `:PORT`; port 0: the system chooses
  std::optional<net::TlsIdentity> tls = {};  // TLS, and with what; else plain
  int max_message_bytes = 64 << 20;          // of each message, both ways
  // Of all messages that are arriving: gRPC gathers a message of whatever length before it compares it with
  // the limit. Beyond this it ends some calls with RESOURCE_EXHAUSTED.
  size_t max_arriving_bytes = size_t{1} << 30;
  int max_metadata_bytes = 64 << 10;  // of a request's headers
  int max_streams_per_connection = 4096;
  int max_calls = 16384;  // in flight; more are refused with UNAVAILABLE
  // A connection is pinged when it was silent for this long, and closed when no answer comes in time: that is
  // how a caller that vanished in the middle of an hour-long stream is found.
  std::chrono::milliseconds keepalive_time = std::chrono::minutes(1);
  std::chrono::milliseconds keepalive_timeout = std::chrono::seconds(20);
  // A connection that is older is closed once its calls are over, or after the grace period; new calls go to
  // a new one. gRPC spreads the age by a tenth. Zero: connections may grow old.
  std::chrono::milliseconds max_connection_age{0};
  std::chrono::milliseconds max_connection_age_grace = std::chrono::hours(1);
  // A client that pings more often is told to go away.
  std::chrono::milliseconds min_client_ping_interval = std::chrono::seconds(10);
};

// Two settings of gRPC's library, for the whole process. It writes no lines of its own to stderr, where the
// log is JSON, unless GRPC_VERBOSITY asks for them: failed handshakes are what it would tell of, which any
// port scan makes. And it does not keep a graph of its locks: the library of Debian 12 comes with that
// debugging aid turned on.
void PrepareLibrary();

class RpcServer {
 public:
  // Listens and serves. The shards' loops must run, and their services live, until Shutdown has returned; the
  // operations must outlive the server. Fails with one line that names the address (`127.0.0.1:50051 is in
  // use`).
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(
      const RpcOptions& options, const std::vector<Shard>& shards,
      const std::vector<std::unique_ptr<core::OperationSpec>>& operations);
  // Shuts down at once if Shutdown was not called.
  ~RpcServer();
  RpcServer(const RpcServer&) = delete;
  RpcServer& operator=(const RpcServer&) = delete;

  int port() const;  // the one listened on
  // What grpc.health.v1 answers, for the server and each of its services. True from the start; set it to
  // false when draining begins, so that balancers look elsewhere while calls are still taken.
  void SetServing(bool serving);
  // New connections are shown this certificate; those under way go on. Whether client certificates are asked
  // for stays as it was. REQUIRES: started with TLS.
  void ReplaceTls(const net::TlsIdentity& identity);
  // Calls not yet over.
  int active_calls() const;
  // Stops listening, tells clients to go away, waits for the calls in flight until `deadline` and then
  // cancels what is left (their scopes see kShutdown). Blocks until all are over: not for a loop's thread.
  // Idempotent.
  void Shutdown(net::TimePoint deadline);

 private:
  RpcServer();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace portolan::rpc
