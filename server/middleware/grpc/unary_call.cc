#include "server/middleware/grpc/unary_call.h"

namespace portolan::middleware {

UnaryCall::Waiting UnaryCall::Start(Connection& connection, const char* method, grpc::ByteBuffer request,
                                    net::TimePoint deadline, std::function<void()> on_over) {
  auto call = std::make_shared<UnaryCall>(connection.loop(), std::move(request), std::move(on_over));
  connection.Prepare(&call->context_, deadline);
  connection.stub().UnaryCall(&call->context_, method, grpc::StubOptions(), &call->request_, &call->answer_,
                              [call](grpc::Status status) { call->OnDone(std::move(status)); });
  return Waiting(std::move(call));
}

void UnaryCall::OnDone(grpc::Status status) {
  const std::lock_guard lock(mutex_);
  status_ = std::move(status);
  over_ = true;
  // Under the mutex: the loop may be gone as soon as who waits has left.
  if (!abandoned_) loop_.Post([self = shared_from_this()] { self->Arrive(); });
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
