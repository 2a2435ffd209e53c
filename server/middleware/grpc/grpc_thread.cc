#include "server/middleware/grpc/grpc_thread.h"

#include <grpcpp/completion_queue.h>
#include <pthread.h>

namespace portolan::middleware {

GrpcThread::GrpcThread() : queue_(std::make_unique<grpc::CompletionQueue>()) {
  thread_ = std::thread([queue = queue_.get()] {
    pthread_setname_np(pthread_self(), "middleware");
    void* tag = nullptr;
    bool ok = false;
    while (queue->Next(&tag, &ok)) static_cast<RpcEvent*>(tag)->Run(ok);
  });
}

GrpcThread::~GrpcThread() {
  queue_->Shutdown();
  thread_.join();
}

}  // namespace portolan::middleware
