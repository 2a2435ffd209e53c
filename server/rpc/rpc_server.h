#pragma once

// The gRPC front: serves the rpcs of every operation, reflection and grpc.health.v1, and hands each call to
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

// Where calls are carried out: a running loop and its service.
struct Shard {
  net::Loop* loop = nullptr;
  core::Service* service = nullptr;
};

struct RpcOptions {
  std::string address = "127.0.0.1:50051";  // `HOST:PORT`, `[v6]:PORT` or `:PORT`; port 0: the system chooses
  std::optional<net::TlsIdentity> tls = {};  // nullopt: without TLS
  int max_message_bytes = 64 << 20;          // of each message, both ways
  // The sum over all messages that are arriving, as gRPC gathers a message of any length before it compares
  // it with the limit. Beyond this sum it ends some calls with RESOURCE_EXHAUSTED.
  size_t max_arriving_bytes = size_t{1} << 30;
  int max_metadata_bytes = 64 << 10;  // of a request's headers
  int max_streams_per_connection = 4096;
  int max_calls = 16384;  // in flight; more are refused with UNAVAILABLE
  // A connection that has been silent for this long is pinged, and closed if no answer comes in time. That is
  // how a caller that vanished during an hour-long stream is found.
  std::chrono::milliseconds keepalive_time = std::chrono::minutes(1);
  std::chrono::milliseconds keepalive_timeout = std::chrono::seconds(20);
  // A connection older than this takes no new calls, and is closed once its calls are over, or after the
  // grace period. gRPC varies the age by a tenth. Zero: no limit.
  std::chrono::milliseconds max_connection_age{0};
  std::chrono::milliseconds max_connection_age_grace = std::chrono::hours(1);
  // A connection whose client pings more often is closed.
  std::chrono::milliseconds min_client_ping_interval = std::chrono::seconds(10);
};

// Changes two settings of gRPC's library, for the whole process. It no longer writes lines of its own to
// stderr, where the log is JSON, unless GRPC_VERBOSITY asks for them: they would mostly be about failed
// handshakes, which every port scan causes. And it no longer keeps a graph of its locks, a debugging aid that
// is on in Debian 12's library.
void PrepareLibrary();

class RpcServer {
 public:
  // Listens and serves. Until Shutdown has returned, the shards' loops must run and their services live; the
  // operations must outlive the server. Fails with one line that names the address (`127.0.0.1:50051 is in
  // use`).
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(
      const RpcOptions& options, const std::vector<Shard>& shards,
      const std::vector<std::unique_ptr<core::OperationSpec>>& operations);
  // Shuts down at once if Shutdown was not called.
  ~RpcServer();
  RpcServer(const RpcServer&) = delete;
  RpcServer& operator=(const RpcServer&) = delete;

  int port() const;  // the port listened on
  // Sets what grpc.health.v1 answers for the server and each of its services; true at first. Set it to false
  // when draining begins, so that load balancers look elsewhere while calls are still taken.
  void SetServing(bool serving);
  // New connections are shown this certificate; existing ones go on. Does not change whether client
  // certificates are asked for. REQUIRES: started with TLS.
  void ReplaceTls(const net::TlsIdentity& identity);
  // The number of calls not yet over.
  int active_calls() const;
  // Stops listening, tells clients to close their connections, waits for the calls in flight until
  // `deadline`, then cancels those that are left with kShutdown. Blocks until all are over, so not for a
  // loop's thread. May be called again.
  void Shutdown(net::TimePoint deadline);

 private:
  RpcServer();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace portolan::rpc
