#pragma once

// gRPC's completion queues, and the threads that empty them.

#include <grpcpp/completion_queue.h>
#include <grpcpp/impl/codegen/completion_queue_tag.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <thread>

namespace portolan::rpc {

// What an operation of gRPC's is begun with, and told by when it is over.
class Event : public grpc::internal::CompletionQueueTag {
 public:
  // On the queue's thread, which must not be kept. What `ok` says differs by operation.
  virtual void Run(bool ok) = 0;

 private:
  bool FinalizeResult(void** tag, bool*) final {
    *tag = this;
    return true;
  }
};

// A queue with its thread. That thread is also what reads from the connections and takes the messages apart:
// with one queue nobody else does, and no thread of gRPC's has to wake another for it.
class EventQueue {
 public:
  explicit EventQueue(grpc::ServerBuilder& builder) : queue_(builder.AddCompletionQueue()) {}
  ~EventQueue();
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  // REQUIRES: the server runs.
  void Start();
  // Returns when all that was begun is over. REQUIRES: the server has shut down, or never ran.
  void Stop();
  grpc_completion_queue* core() const { return queue_->cq(); }

 private:
  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::thread thread_;
  bool stopped_ = false;
};

}  // namespace portolan::rpc
