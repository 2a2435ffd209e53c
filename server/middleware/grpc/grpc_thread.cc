#include "server/middleware/grpc/grpc_thread.h"

#include <grpcpp/completion_queue.h>
#include <pthread.h>

#include <utility>

namespace portolan::middleware {

GrpcThread::GrpcThread() : queue_(std::make_unique<grpc::CompletionQueue>()) {
  thread_ = std::thread([queue = queue_.get()] {
    pthread_setname_np(pthread_self(), "middleware");
    void* tag = nullptr;
    bool ok = false;
    while (queue->Next(&tag, &ok)) static_cast<RpcEvent*>(tag)->Run(ok);
  });
}

void GrpcThread::Hold::Release() {
  GrpcThread* const thread = std::exchange(thread_, nullptr);
  // The last one is told of, on the very thread that is waited for before the counter goes away.
  if (thread != nullptr && --thread->holds_ == 0) thread->holds_.notify_all();
}

GrpcThread::~GrpcThread() {
  for (int holds = holds_; holds != 0; holds = holds_) holds_.wait(holds);
  queue_->Shutdown();
  thread_.join();
}

}  // namespace portolan::middleware
