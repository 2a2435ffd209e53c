#include "server/rpc/keep_awake.h"

#include <grpcpp/client_context.h>
#include <grpcpp/impl/client_unary_call.h>
#include <grpcpp/support/byte_buffer.h>

#include <chrono>
#include <utility>

namespace portolan::rpc {
namespace {

constexpr std::chrono::milliseconds kInterval(500);

}  // namespace

KeepAwake::KeepAwake(std::shared_ptr<grpc::Channel> to_self)
    : channel_(std::move(to_self)), thread_([this] { Run(); }) {}

KeepAwake::~KeepAwake() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void KeepAwake::Run() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kInterval, [this] { return stop_; })) {
    lock.unlock();
    Beat();
    lock.lock();
  }
}

// What is answered does not matter.
void KeepAwake::Beat() {
  const grpc::internal::RpcMethod check("/grpc.health.v1.Health/Check",
                                        grpc::internal::RpcMethod::NORMAL_RPC);
  const grpc::Slice empty;
  const grpc::ByteBuffer request(&empty, 1);
  grpc::ByteBuffer reply;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kInterval);
  grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer, grpc::ByteBuffer, grpc::ByteBuffer>(
      channel_.get(), check, &context, request, &reply);
}

}  // namespace portolan::rpc
