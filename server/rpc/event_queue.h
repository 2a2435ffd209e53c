#pragma once

// gRPC's completion queues and the threads that empty them.

#include <grpcpp/completion_queue.h>
#include <grpcpp/impl/codegen/completion_queue_tag.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <thread>

namespace portolan::rpc {

// The tag of an operation on gRPC's core: told when the operation is over.
class Event : public grpc::internal::CompletionQueueTag {
 public:
  // Called on the queue's thread, which it must not block. The meaning of `ok` depends on the operation.
  virtual void Run(bool ok) = 0;

 private:
  bool FinalizeResult(void** tag, bool*) final {
    *tag = this;
    return true;
  }
};

// A queue with its thread. That thread also reads from the connections and parses the frames. With one queue
// no other thread does so, and none has to wake another for it.
class EventQueue {
 public:
  explicit EventQueue(grpc::ServerBuilder& builder) : queue_(builder.AddCompletionQueue()) {}
  ~EventQueue();
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  // Starts the thread. REQUIRES: the server runs.
  void Start();
  // Blocks until every operation that was begun is over, then ends the thread. REQUIRES: the server has shut
  // down, or never ran.
  void Stop();
  grpc_completion_queue* core() const { return queue_->cq(); }

 private:
  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::thread thread_;
  bool stopped_ = false;
};

}  // namespace portolan::rpc
