#include "server/rpc/event_queue.h"

#include <pthread.h>

namespace portolan::rpc {
namespace {

void Empty(grpc::CompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) static_cast<Event*>(tag)->Run(ok);
}

}  // namespace

EventQueue::~EventQueue() { Stop(); }

void EventQueue::Start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "grpc");
    Empty(*queue_);
  });
}

void EventQueue::Stop() {
  if (stopped_) return;
  stopped_ = true;
  queue_->Shutdown();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    Empty(*queue_);
  }
}

}  // namespace portolan::rpc
