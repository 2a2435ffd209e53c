#include "server/middleware/grpc/unary_call.h"

namespace portolan::middleware {

UnaryCall::Waiting UnaryCall::Start(Connection& connection, const char* method,
                                    const grpc::ByteBuffer& request, net::TimePoint deadline,
                                    std::function<void()> on_over) {
  auto call = std::make_shared<UnaryCall>(connection.loop(), std::move(on_over));
  call->self_ = call;
  connection.Prepare(&call->context_, deadline);
  call->rpc_ = connection.stub().PrepareUnaryCall(&call->context_, method, request, connection.queue());
  call->rpc_->StartCall();
  call->rpc_->Finish(&call->answer_, &call->status_, static_cast<RpcEvent*>(call.get()));
  return Waiting(std::move(call));
}

void UnaryCall::Run(bool) {
  const std::shared_ptr<UnaryCall> self = std::move(self_);
  const std::lock_guard lock(mutex_);
  over_ = true;
  // Under the mutex: the loop may be gone as soon as who waits has left.
  if (!abandoned_) loop_.Post([self] { self->Arrive(); });
}

void UnaryCall::Arrive() {
  if (on_over_) std::exchange(on_over_, nullptr)();
}

void UnaryCall::Abandon() {
  on_over_ = nullptr;
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    if (over_) return;
  }
  context_.TryCancel();
}

}  // namespace portolan::middleware
