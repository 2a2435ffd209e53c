#pragma once

// The thread on which gRPC tells what has come of the rpcs to middleware.

#include <atomic>
#include <memory>
#include <thread>

namespace grpc {
class CompletionQueue;
}

namespace portolan::middleware {

// One thread for all middleware of a process; it also reads from the connections. gRPC's own callback threads
// will not do: now and then they sleep for a tenth of a second, and the last channel waits for them to end,
// even on one of them. Thread-safe.
class GrpcThread {
 public:
  GrpcThread();
  // Blocks until all rpcs are over. That is soon: they are cancelled. REQUIRES: all services that use it are
  // gone.
  ~GrpcThread();
  GrpcThread(const GrpcThread&) = delete;
  GrpcThread& operator=(const GrpcThread&) = delete;

  // Its tags are RpcEvents. Of an rpc that begins one operation after another, a Hold must last from before
  // the first until within the event of the last.
  grpc::CompletionQueue* queue() const { return queue_.get(); }

  // Keeps the queue open: gRPC ends the process where an operation begins on one that was shut down, and
  // nothing is left of the operations whose events are just being told.
  class Hold {
   public:
    explicit Hold(GrpcThread& thread) : thread_(&thread) { ++thread.holds_; }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { Release(); }
    // On that thread, unless nothing has begun.
    void Release();

   private:
    GrpcThread* thread_;
  };

 private:
  std::atomic<int> holds_ = 0;
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
