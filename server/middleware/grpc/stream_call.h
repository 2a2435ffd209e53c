#pragma once

// One HandleStream rpc, from a shard's thread: writes go one after the other, what the service says is kept
// until it is taken.

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "server/middleware/grpc/connection.h"
#include "server/middleware/grpc/grpc_thread.h"
#include "server/net/loop.h"

namespace portolan::middleware {

// Shared by the stream on the shard's thread and by gRPC's thread, whoever stays longer. What is public here
// is for the shard's thread.
class StreamCall : public std::enable_shared_from_this<StreamCall> {
 public:
  // A message of the service's.
  struct Heard {
    grpc::ByteBuffer bytes;
    uint64_t told = 0;  // the sequence of the last event that had been sent when it came
  };

  // Begins the rpc. `on_news` is called on the loop's thread when something has come that Take() or ended()
  // tell, never from within a call of this.
  static std::shared_ptr<StreamCall> Start(Connection& connection, net::TimePoint deadline,
                                           std::function<void()> on_news);

  StreamCall(Connection& connection, std::function<void()> on_news);

  void Send(uint64_t sequence, const grpc::ByteBuffer& bytes);
  // Nothing follows.
  void CloseWrites();
  // Has on_news called.
  void Nudge();

  // The next message; nullopt: none is here.
  std::optional<Heard> Take();
  // How the rpc has ended, once all messages are taken; nullopt: it has not.
  std::optional<grpc::Status> ended();

  // Nothing that comes is of interest any more. Closes the writes, or cancels the rpc. Nothing is called or
  // posted to the loop after this.
  void Leave(bool cancel);
  // Cancels an rpc that was left.
  void Cancel() { context_.TryCancel(); }

 private:
  // What follows when an operation is over, on gRPC's thread.
  class Then final : public RpcEvent {
   public:
    Then(StreamCall* call, void (StreamCall::*then)(bool)) : call_(call), then_(then) {}
    void Run(bool ok) override { (call_->*then_)(ok); }
    // As gRPC takes it.
    void* tag() { return static_cast<RpcEvent*>(this); }

   private:
    StreamCall* const call_;
    void (StreamCall::* const then_)(bool);
  };
  enum class Step : uint8_t { kNone, kWrite, kClose, kFinish };
  struct Queued {
    uint64_t sequence;
    grpc::ByteBuffer bytes;
  };

  void OnStarted(bool ok);
  void OnWritten(bool ok);
  void OnRead(bool ok);
  void OnFinished(bool ok);

  // Takes the next step, if it is time for one. One thread at a time comes to do so, as each step but
  // kNone shuts the way to it until it is over.
  void Advance();
  Step NextStep(grpc::ByteBuffer* bytes);  // REQUIRES: mutex_ is held
  void PostNews();                         // REQUIRES: mutex_ is held
  void TellNews();

  net::Loop& loop_;  // not to be touched once left
  GrpcThread::Hold hold_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> rpc_;
  std::function<void()> on_news_;
  Then started_{this, &StreamCall::OnStarted};
  Then written_{this, &StreamCall::OnWritten};
  Then read_{this, &StreamCall::OnRead};
  Then finished_{this, &StreamCall::OnFinished};
  grpc::ByteBuffer reading_bytes_;  // of whoever has set reading_
  grpc::Status finish_status_;      // gRPC's until OnFinished()

  std::mutex mutex_;                  // guards what follows
  std::shared_ptr<StreamCall> self_;  // gRPC's hold
  bool left_ = false;
  bool posted_ = false;
  bool starting_ = true;
  bool finishing_ = false;
  // Writes.
  std::deque<Queued> queue_;
  uint64_t told_ = 0;
  bool can_write_ = true;
  bool writing_ = false;
  bool closing_ = false;
  // Reads. When they come to an end the rpc has.
  std::deque<Heard> heard_;
  int unheard_ = 0;  // messages after it was left
  bool can_read_ = true;
  bool reading_ = true;
  std::optional<grpc::Status> status_;
};

}  // namespace portolan::middleware
