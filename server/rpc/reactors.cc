// The two reactors: what differs between a unary and a server streaming rpc is only how an answer is sent.

#include <grpcpp/server_context.h>

#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "server/net/suspension.h"
#include "server/rpc/call.h"
#include "server/rpc/status.h"

namespace portolan::rpc {
namespace {

using core::Delivered;
using core::ReplyHead;

class UnaryCall final : public Call, public grpc::ServerUnaryReactor {
 public:
  UnaryCall(const std::shared_ptr<Front>& front, const Method& method, grpc::CallbackServerContext* context,
            const grpc::ByteBuffer* request, grpc::ByteBuffer* response)
      : Call(front, method, context, request), response_(response) {}

  net::Task<Delivered> SendMessage(ReplyHead head, std::string_view wire) override {
    if (finished()) co_return false;
    AddInitialMetadata(head.headers);
    Copy(wire, response_);
    Call::Finish(grpc::Status::OK);
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

// Messages go into a queue that gRPC's threads empty: while one batch is being written the next gathers, and
// leaves in one system call. The shard hears of a write only when it waits for one, which it does when the
// queue is full or the stream is to end: waking it for every write would double what a chunk costs.
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

  net::Task<Delivered> WriteMessages(std::span<const std::string_view> wires) override {
    if (finished() || scope().cancelled()) co_return false;
    for (const std::string_view wire : wires) Copy(wire, &fresh_.emplace_back());
    if (Enqueue() == Queue::kFull) {
      const Delivered delivered = co_await Wait(Wake::kTaken);
      co_return delivered;
    }
    co_return !Broken();
  }

  net::Task<Delivered> EndStream(const Error* error) override {
    const Delivered delivered = co_await Wait(Wake::kIdle);
    Call::Finish(error == nullptr ? grpc::Status::OK : ToGrpcStatus(*error));
    co_return delivered && !scope().cancelled();
  }

 private:
  // What the shard wants to be told of: that the queue was taken for writing; that nothing is left to write.
  enum class Wake { kNone, kTaken, kIdle };
  enum class Queue { kRoom, kFull };
  static constexpr size_t kQueueBytes = 16 << 10;

  // The waiting coroutine, as the call knows it.
  struct Sleeper {
    explicit Sleeper(StreamCall& the_call)
        : call(the_call), waiter(the_call.loop(), {.scope = &the_call.scope()}) {
      call.waiter_ = &waiter;
    }
    ~Sleeper() { call.waiter_ = nullptr; }
    StreamCall& call;
    net::Waiter waiter;
  };

  // Moves fresh_ to the end of the queue and starts to write if nobody does.
  Queue Enqueue() {
    bool start = false;
    Queue queue = Queue::kRoom;
    {
      const std::lock_guard lock(mutex_);
      if (failed_ || fresh_.empty()) return queue;
      for (grpc::ByteBuffer& message : fresh_) {
        queued_bytes_ += message.Length();
        queue_.push_back(std::move(message));
      }
      if (!writing_) {
        TakeQueue();
        start = writing_ = true;
      } else if (queued_bytes_ >= kQueueBytes) {
        queue = Queue::kFull;
      }
    }
    fresh_.clear();
    if (start) WriteNext();
    return queue;
  }

  // REQUIRES: mutex_ is held and no write is under way.
  void TakeQueue() {
    batch_.clear();
    batch_.swap(queue_);
    queued_bytes_ = 0;
    next_ = 0;
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
    bool more = false;
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      if (!ok) failed_ = true;
      more = ok && !queue_.empty();
      if (more) {
        TakeQueue();
      } else {
        batch_.clear();
        writing_ = false;
      }
      wake = wake_ == Wake::kTaken || (wake_ == Wake::kIdle && !writing_);
      if (wake) wake_ = Wake::kNone;
    }
    if (more) WriteNext();
    if (wake) {
      PostToShard([](Call* call) { static_cast<StreamCall*>(call)->Woken(); });
    }
  }

  // Suspends until `what` has come about, or the scope is cancelled.
  net::Task<Delivered> Wait(Wake what) {
    Sleeper sleeper(*this);
    if (WakeMe(what)) co_await sleeper.waiter;
    co_return !Broken();
  }

  // False if there is nothing to wait for.
  bool WakeMe(Wake what) {
    const std::lock_guard lock(mutex_);
    const bool wait = what == Wake::kTaken ? !queue_.empty() && writing_ : writing_;
    if (wait) wake_ = what;
    return wait;
  }

  void Woken() {
    if (waiter_ != nullptr) waiter_->Notify();
    if (held_status_) SendStatus(*std::exchange(held_status_, std::nullopt));
  }

  // Whether the caller is gone. A failed write says so before OnCancel may have.
  bool Broken() {
    {
      const std::lock_guard lock(mutex_);
      if (!failed_) return scope().cancelled();
    }
    scope().Cancel(WhyGone());
    return true;
  }

  // The status has to wait for a write under way. Whoever sends one then has given up on the write (a slow
  // reader may hold it for ever), so the rpc is broken off: that ends the write.
  void SendStatus(const grpc::Status& status) override {
    if (!WakeMe(Wake::kIdle)) {
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

  std::mutex mutex_;
  std::vector<grpc::ByteBuffer> queue_;  // guarded by mutex_, and so are:
  size_t queued_bytes_ = 0;
  bool writing_ = false;
  bool failed_ = false;
  Wake wake_ = Wake::kNone;

  // The shard's.
  std::vector<grpc::ByteBuffer> fresh_;  // empty between calls
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
