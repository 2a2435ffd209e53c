#pragma once

// TLS credentials of the gRPC port that can be replaced while it serves.

#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <mutex>

#include "server/net/tls.h"

namespace portolan::rpc {

// Holds the identity that is shown to new connections. Thread-safe.
class TlsSource {
 public:
  explicit TlsSource(net::TlsIdentity identity) : identity_(std::move(identity)) {}

  // Replaces the identity for new connections; existing ones keep theirs. Does not change whether client
  // certificates are asked for.
  void Replace(net::TlsIdentity identity);

 private:
  friend class ReplaceableCredentials;
  std::mutex mutex_;
  net::TlsIdentity identity_;  // guarded by mutex_
  bool fetched_ = false;       // guarded by mutex_; whether gRPC has this identity
};

// Credentials that take their identity from `source`: TLS 1.2 and 1.3, gRPC's default.
std::shared_ptr<grpc::ServerCredentials> NewTlsCredentials(std::shared_ptr<TlsSource> source);

}  // namespace portolan::rpc
