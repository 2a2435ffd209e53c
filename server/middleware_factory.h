#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "server/core/middleware_set.h"
#include "server/middleware/grpc/grpc_thread.h"
#include "server/net/loop.h"
#include "server/upstream/client.h"

namespace portolan {

// What the middleware of all shards share. Thread-safe. Must outlive all that the factories have made.
class MiddlewareParts {
 public:
  // `ca_file`: of authorities that a middleware's TLS is checked against besides the system's; may be empty.
  explicit MiddlewareParts(std::string ca_file) : ca_file_(std::move(ca_file)) {}

  // Made when the first middleware needs it.
  middleware::GrpcThread& grpc_thread();
  // The PEM text of all authorities; empty: the system's.
  const std::string& authorities();

 private:
  void Make();

  const std::string ca_file_;
  std::once_flag made_;
  std::unique_ptr<middleware::GrpcThread> thread_;
  std::string authorities_;
};

// Makes the middleware of one shard, whatever their kind. Everything must outlive what it makes.
core::MiddlewareFactory NewMiddlewareFactory(net::Loop& loop, upstream::Client& client,
                                             MiddlewareParts& parts);

}  // namespace portolan
