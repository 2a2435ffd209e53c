// The two reactors: what differs between a unary and a server streaming rpc is only how an answer is sent.

#include <google/protobuf/message.h>
#include <grpcpp/server_context.h>

#include <optional>
#include <span>
#include <vector>

#include "server/net/suspension.h"
#include "server/rpc/call.h"
#include "server/rpc/status.h"

namespace portolan::rpc {
namespace {

using core::Delivered;
using core::ReplyHead;
using google::protobuf::Message;

class UnaryCall final : public Call, public grpc::ServerUnaryReactor {
 public:
  UnaryCall(const std::shared_ptr<Front>& front, const Method& method, grpc::CallbackServerContext* context,
            const grpc::ByteBuffer* request, grpc::ByteBuffer* response)
      : Call(front, method, context, request), response_(response) {}

  net::Task<Delivered> SendMessage(ReplyHead head, const Message& message) override {
    if (finished()) co_return false;
    AddInitialMetadata(head.headers);
    if (Serialize(message, response_)) {
      Call::Finish(grpc::Status::OK);
    } else {
      Call::Finish(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "the answer is larger than 2 GB"));
    }
    co_return !scope().cancelled();
  }

 private:
  void SendStatus(const grpc::Status& status) override { ServerUnaryReactor::Finish(status); }

  void OnCancel() override { Cancelled(); }
  void OnDone() override { Release(); }
  // The two above never block, so gRPC may call them where it stands instead of waking another thread.
  bool InternalInlineable() override { return true; }

  grpc::ByteBuffer* const response_;
};

class StreamCall final : public Call, public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  StreamCall(const std::shared_ptr<Front>& front, const Method& method, grpc::CallbackServerContext* context,
             const grpc::ByteBuffer* request)
      : Call(front, method, context, request) {}

  // Leaves with the first message, or with the status.
  net::Task<Delivered> StartStream(ReplyHead head) override {
    if (finished()) co_return false;
    AddInitialMetadata(head.headers);
    co_return !scope().cancelled();
  }

  net::Task<Delivered> WriteMessages(std::span<const Message* const> messages) override {
    if (finished() || writing_ || scope().cancelled()) co_return false;
    if (messages.empty()) co_return true;
    if (!FillBatch(messages)) co_return false;
    WaitForWrite wait(*this);
    writing_ = true;
    WriteNext();
    const net::WaitResult result = co_await wait.waiter;
    co_return result == net::WaitResult::kReady && !scope().cancelled();
  }

  net::Task<Delivered> EndStream(const Error* error) override {
    Call::Finish(error == nullptr ? grpc::Status::OK : ToGrpcStatus(*error));
    co_return !scope().cancelled();
  }

 private:
  // The coroutine in WriteMessages, as the call knows it.
  struct WaitForWrite {
    explicit WaitForWrite(StreamCall& the_call)
        : call(the_call), waiter(the_call.loop(), {.scope = &the_call.scope()}) {
      call.waiter_ = &waiter;
    }
    ~WaitForWrite() { call.waiter_ = nullptr; }
    StreamCall& call;
    net::Waiter waiter;
  };

  bool FillBatch(std::span<const Message* const> messages) {
    batch_.resize(messages.size());
    next_ = 0;
    for (size_t i = 0; i < messages.size(); ++i) {
      if (Serialize(*messages[i], &batch_[i])) continue;
      Call::Finish(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "a message is larger than 2 GB"));
      return false;
    }
    return true;
  }

  // While writing_, batch_, next_ and head_sent_ belong to whoever of the two threads runs this. The hint
  // keeps a message back so that the batch leaves in one system call. Not for the first message of the
  // stream: gRPC 1.51 completes that only when the initial metadata has left with it, and would hold both for
  // want of a reason to write.
  void WriteNext() {
    const grpc::ByteBuffer* message = &batch_[next_++];
    grpc::WriteOptions options;
    if (head_sent_ && next_ < batch_.size()) options.set_buffer_hint();
    head_sent_ = true;
    StartWrite(message, options);
  }

  void OnWriteDone(bool ok) override {
    if (ok && next_ < batch_.size()) {
      WriteNext();
      return;
    }
    write_failed_ = !ok;
    PostToShard([](Call* call) { static_cast<StreamCall*>(call)->Written(); });
  }

  void Written() {
    writing_ = false;
    batch_.clear();
    if (write_failed_) scope().Cancel(WhyGone());
    if (waiter_ != nullptr) waiter_->Notify();
    if (held_status_) ServerWriteReactor::Finish(*held_status_);
  }

  // The status has to wait for a write under way. Whoever sends one then has given up on the write (a slow
  // reader may hold it for ever), so the rpc is broken off: that ends the write.
  void SendStatus(const grpc::Status& status) override {
    if (!writing_) {
      ServerWriteReactor::Finish(status);
      return;
    }
    held_status_ = status;
    context_->TryCancel();
  }

  void OnCancel() override { Cancelled(); }
  void OnDone() override { Release(); }

  std::vector<grpc::ByteBuffer> batch_;
  size_t next_ = 0;
  bool head_sent_ = false;
  bool write_failed_ = false;
  // The shard's.
  bool writing_ = false;
  net::Waiter* waiter_ = nullptr;
  std::optional<grpc::Status> held_status_;
};

grpc::Status TooManyCalls() {
  Error error;
  error.http_status = 503;
  error.code = "too_many_calls";
  error.message = "the gateway has as many gRPC calls in flight as it takes";
  error.retryable = true;
  return ToGrpcStatus(error);
}

class RefusedStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  RefusedStream() { Finish(TooManyCalls()); }
  void OnDone() override { delete this; }
};

bool Full(const Front& front) { return front.active.load(std::memory_order_relaxed) >= front.max_calls; }

}  // namespace

grpc::ServerUnaryReactor* NewUnaryCall(const std::shared_ptr<Front>& front, const Method& method,
                                       grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) {
  if (Full(*front)) {
    grpc::ServerUnaryReactor* refused = context->DefaultReactor();
    refused->Finish(TooManyCalls());
    return refused;
  }
  auto* call = new UnaryCall(front, method, context, request, response);
  call->Start();
  return call;
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* NewStreamCall(const std::shared_ptr<Front>& front,
                                                          const Method& method,
                                                          grpc::CallbackServerContext* context,
                                                          const grpc::ByteBuffer* request) {
  if (Full(*front)) return new RefusedStream;
  auto* call = new StreamCall(front, method, context, request);
  call->Start();
  return call;
}

}  // namespace portolan::rpc
