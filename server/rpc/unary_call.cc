// A unary rpc.

#include <utility>

#include "server/rpc/call.h"
#include "server/rpc/immediate.h"

namespace portolan::rpc {
namespace {

class UnaryCall final : public Call {
 public:
  UnaryCall(const std::shared_ptr<Front>& front, const Method& method, Arrival arrival)
      : Call(front, method, std::move(arrival)) {}

  net::Task<core::Delivered> SendMessage(core::ReplyHead head, std::string_view wire) override {
    if (finished()) co_return false;
    SetInitialMetadata(std::move(head.headers));
    Finish(grpc::Status::OK, ToBuffer(wire));
    co_return !scope().cancelled();
  }

 private:
  void SendStatus(const grpc::Status& status, BufferPtr message) override {
    StartFinish(status, std::move(message));
  }
};

}  // namespace

void TakeUnaryCall(const std::shared_ptr<Front>& front, const Method& method, Arrival arrival) {
  if (front->Full()) return Refuse(std::move(arrival), TooManyCalls());
  auto* const call = new UnaryCall(front, method, std::move(arrival));
  call->Start();
}

}  // namespace portolan::rpc
