#pragma once

// A server streaming rpc. Internal to server/rpc.

#include <grpc/byte_buffer.h>

#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "server/net/suspension.h"
#include "server/rpc/call.h"
#include "server/rpc/immediate.h"
#include "server/rpc/status.h"

namespace portolan::rpc {

// Messages go into a queue that gRPC's threads empty: while one batch is being written the next gathers, and
// leaves in one system call. The shard hears of a write only when it waits for one, which it does when the
// queue is full or the stream is to end: waking it for every write would double what a chunk costs.
class StreamCall : public Call {
 public:
  StreamCall(const std::shared_ptr<Front>& front, const Method& method, Arrival arrival)
      : Call(front, method, std::move(arrival)) {}

  // Leaves with the first message, or with the status.
  net::Task<core::Delivered> StartStream(core::ReplyHead head) override {
    if (finished()) co_return false;
    SetInitialMetadata(std::move(head.headers));
    co_return !scope().cancelled();
  }

  net::Task<core::Delivered> WriteMessages(std::span<const std::string_view> wires) override {
    if (finished() || scope().cancelled()) co_return false;
    for (const std::string_view wire : wires) fresh_.push_back(ToBuffer(wire));
    if (Enqueue() == Queue::kFull) {
      const core::Delivered delivered = co_await Wait(Wake::kTaken);
      co_return delivered;
    }
    co_return !Broken();
  }

  net::Task<core::Delivered> EndStream(const Error* error) override {
    const core::Delivered delivered = co_await Wait(Wake::kIdle);
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
      for (BufferPtr& message : fresh_) {
        queued_bytes_ += grpc_byte_buffer_length(message.get());
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

  // While writing_, batch_ and next_ belong to whoever of the two threads runs this.
  void WriteNext() {
    grpc_byte_buffer* const message = batch_[next_++].get();
    StartWrite(message, next_ < batch_.size());
  }

  void OnWritten(bool ok) override {
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
  net::Task<core::Delivered> Wait(Wake what) {
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
    if (held_status_) SendStatus(*std::exchange(held_status_, std::nullopt), nullptr);
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
  void SendStatus(const grpc::Status& status, BufferPtr) override {
    if (!WakeMe(Wake::kIdle)) {
      StartFinish(status);
      return;
    }
    held_status_ = status;
    TryCancel();
  }

  std::vector<BufferPtr> batch_;
  size_t next_ = 0;

  std::mutex mutex_;
  std::vector<BufferPtr> queue_;  // guarded by mutex_, and so are:
  size_t queued_bytes_ = 0;
  bool writing_ = false;
  bool failed_ = false;
  Wake wake_ = Wake::kNone;

  // The shard's.
  std::vector<BufferPtr> fresh_;  // empty between calls
  net::Waiter* waiter_ = nullptr;
  std::optional<grpc::Status> held_status_;
};

}  // namespace portolan::rpc
