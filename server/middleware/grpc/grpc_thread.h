#pragma once

// The thread on which gRPC tells what has come of the rpcs to middleware.

#include <memory>
#include <thread>

namespace grpc {
class CompletionQueue;
}

namespace portolan::middleware {

// One serves all middleware of a process. gRPC's own threads for callbacks would do neither for them nor for
// the shards: they sleep for a tenth of a second now and then, and the last channel waits for them to end, be
// it on one of them. It also reads from the connections. Thread-safe.
class GrpcThread {
 public:
  GrpcThread();
  // Blocks until all rpcs are over. That is soon: they are cancelled. REQUIRES: all services that use it are
  // gone.
  ~GrpcThread();
  GrpcThread(const GrpcThread&) = delete;
  GrpcThread& operator=(const GrpcThread&) = delete;

  // Its tags are RpcEvents.
  grpc::CompletionQueue* queue() const { return queue_.get(); }

 private:
  const std::unique_ptr<grpc::CompletionQueue> queue_;
  std::thread thread_;
};

// An operation that is over.
class RpcEvent {
 public:
  virtual ~RpcEvent() = default;
  // Called on that thread, which it must not block. The meaning of `ok` depends on the operation.
  virtual void Run(bool ok) = 0;
};

}  // namespace portolan::middleware
