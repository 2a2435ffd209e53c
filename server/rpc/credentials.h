#pragma once

// Credentials of the gRPC port that can be replaced while it serves.

#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <mutex>

#include "server/net/tls.h"

namespace portolan::rpc {

// The identity that new connections are shown. Thread-safe.
class TlsSource {
 public:
  explicit TlsSource(net::TlsIdentity identity) : identity_(std::move(identity)) {}

  // Connections under way keep the one they began with. Whether client certificates are asked for does not
  // change.
  void Replace(net::TlsIdentity identity);

 private:
  friend class ReplaceableCredentials;
  std::mutex mutex_;
  net::TlsIdentity identity_;  // guarded by mutex_
  bool fetched_ = false;       // guarded by mutex_; gRPC has this identity already
};

// TLS 1.2 and 1.3, as gRPC does by itself.
std::shared_ptr<grpc::ServerCredentials> NewTlsCredentials(std::shared_ptr<TlsSource> source);

}  // namespace portolan::rpc
