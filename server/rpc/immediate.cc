#include "server/rpc/immediate.h"

#include <utility>

#include "server/base/error.h"
#include "server/rpc/status.h"

namespace portolan::rpc {
namespace {

class Ended final : public Rpc {
 public:
  static void End(Arrival arrival, const grpc::Status& status, BufferPtr message) {
    auto* const self = new Ended(std::move(arrival));
    self->Watch();
    self->StartFinish(status, std::move(message));
    self->Release();
  }

 private:
  explicit Ended(Arrival arrival) : Rpc(std::move(arrival)) {}
  void OnClosed(bool) override {}
};

}  // namespace

void Refuse(Arrival arrival, const grpc::Status& status) { Ended::End(std::move(arrival), status, nullptr); }

void Answer(Arrival arrival, const google::protobuf::MessageLite& message) {
  Ended::End(std::move(arrival), grpc::Status::OK, ToBuffer(message.SerializeAsString()));
}

grpc::Status TooManyCalls() {
  return ToGrpcStatus({.http_status = 503,
                       .code = "too_many_calls",
                       .message = "the gateway has as many gRPC calls in flight as it takes",
                       .retryable = true});
}

}  // namespace portolan::rpc
