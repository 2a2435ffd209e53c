#pragma once

// How one shard reaches one gRPC middleware: the channel, and what every rpc carries.

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/status.h>

#include <string>

#include "server/middleware/grpc/grpc_thread.h"
#include "server/middleware/settings.h"
#include "server/net/loop.h"

namespace portolan::middleware {

// The full names of the rpcs.
inline constexpr char kDescribe[] = "/portolan.middleware.v1.Middleware/Describe";
inline constexpr char kHandleRequest[] = "/portolan.middleware.v1.Middleware/HandleRequest";
inline constexpr char kHandleResponse[] = "/portolan.middleware.v1.Middleware/HandleResponse";
inline constexpr char kHandleStream[] = "/portolan.middleware.v1.Middleware/HandleStream";
inline constexpr char kHandleEnd[] = "/portolan.middleware.v1.Middleware/HandleEnd";

class Connection {
 public:
  // `pem_roots`: whom TLS trusts; empty: the system's.
  Connection(Settings settings, net::Loop& loop, GrpcThread& thread, const std::string& pem_roots);

  const Settings& settings() const { return settings_; }
  net::Loop& loop() const { return loop_; }
  GrpcThread& thread() const { return thread_; }
  grpc::CompletionQueue* queue() const { return thread_.queue(); }
  grpc::GenericStub& stub() { return stub_; }

  // What is wrong with the settings; nothing is to be told to the service then. Empty: nothing.
  const std::string& problem() const { return problem_; }

  // Sets what an rpc carries besides its message. `deadline`: the service is told of it.
  void Prepare(grpc::ClientContext* context, net::TimePoint deadline) const;

 private:
  const Settings settings_;
  net::Loop& loop_;
  GrpcThread& thread_;
  const std::string problem_;
  grpc::GenericStub stub_;
};

// gRPC's name of the status: `UNAVAILABLE`.
std::string CodeOf(const grpc::Status& status);
// The same of a wait that was over before the rpc; empty: it was not.
std::string CodeOf(net::WaitResult result);

}  // namespace portolan::middleware
