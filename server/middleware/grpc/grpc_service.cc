// The rpcs of one middleware, as a shard asks it.

#include <grpcpp/support/byte_buffer.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "portolan/middleware/v1/events.pb.h"
#include "portolan/middleware/v1/verdicts.pb.h"
#include "server/middleware/grpc/bytes.h"
#include "server/middleware/grpc/connection.h"
#include "server/middleware/grpc/description.h"
#include "server/middleware/grpc/events.h"
#include "server/middleware/grpc/grpc_middleware.h"
#include "server/middleware/grpc/grpc_stream.h"
#include "server/middleware/grpc/grpc_thread.h"
#include "server/middleware/grpc/unary_call.h"
#include "server/middleware/grpc/verdicts.h"
#include "server/net/suspension.h"
#include "server/net/task.h"

namespace portolan::middleware {
namespace {

class GrpcService final : public Service {
 public:
  GrpcService(const Settings& settings, net::Loop& loop, GrpcThread& thread, const GrpcOptions& options)
      : connection_(settings, loop, thread, options.pem_roots), description_(connection_) {}

  const Wants* wants() const override { return description_.wants(); }
  net::Task<std::string> Learn(net::Wait wait) override { return description_.Learn(wait); }
  net::Task<Outcome> Ask(const Event& event, net::Wait wait) override;
  std::unique_ptr<ChunkStream> Open(const CallInfo& call, int status,
                                    std::function<void()> on_news) override {
    return std::make_unique<GrpcStream>(connection_, description_, leavers_, call, status,
                                        std::move(on_news));
  }
  net::Task<std::string> Tell(const EndEvent& event, net::Wait wait) override;

 private:
  // Sends `request` and waits for the answer. Returns why there is none; empty: *answer is it.
  net::Task<std::string> Call(const char* method, const grpc::ByteBuffer& request, net::Wait wait,
                              google::protobuf::MessageLite* answer);

  Connection connection_;
  Description description_;
  Leavers leavers_;
};

net::Task<std::string> GrpcService::Call(const char* method, const grpc::ByteBuffer& request, net::Wait wait,
                                         google::protobuf::MessageLite* answer) {
  if (!connection_.problem().empty()) co_return connection_.problem();
  net::Waiter waiter(connection_.loop(), wait);
  const UnaryCall::Waiting call =
      UnaryCall::Start(connection_, method, request, wait.deadline, [&waiter] { waiter.Notify(); });
  const net::WaitResult result = co_await waiter;
  if (result != net::WaitResult::kReady) co_return CodeOf(result);
  description_.Heed(call.status());
  if (!call.status().ok()) co_return CodeOf(call.status());
  if (!Parse(call.answer(), answer)) co_return "the answer is no " + answer->GetTypeName();
  co_return std::string();
}

net::Task<Outcome> GrpcService::Ask(const Event& event, net::Wait wait) {
  const size_t max_body = connection_.settings().max_body;
  const char* method = kHandleRequest;
  std::string failure;
  grpc::ByteBuffer request;
  if (event.hook == Hook::kResponse) {
    method = kHandleResponse;
    v1::ResponseEvent message;
    failure = ToResponseEvent(event, max_body, &message);
    if (failure.empty()) request = ToBytes(message);
  } else {
    v1::RequestEvent message;
    failure = ToRequestEvent(event, max_body, &message);
    if (failure.empty()) request = ToBytes(message);
  }
  if (!failure.empty()) co_return Failed(std::move(failure));
  v1::Verdict said;
  failure = co_await Call(method, request, wait, &said);
  if (!failure.empty()) co_return Failed(std::move(failure));
  co_return ReadVerdict(std::move(said), event, max_body);
}

net::Task<std::string> GrpcService::Tell(const EndEvent& event, net::Wait wait) {
  v1::EndAck heard;
  const grpc::ByteBuffer request = ToBytes(ToEndEvent(event));
  std::string failure = co_await Call(kHandleEnd, request, wait, &heard);
  co_return failure;
}

}  // namespace

std::unique_ptr<Service> NewGrpcService(const Settings& settings, net::Loop& loop, GrpcThread& thread,
                                        const GrpcOptions& options) {
  return std::make_unique<GrpcService>(settings, loop, thread, options);
}

}  // namespace portolan::middleware
