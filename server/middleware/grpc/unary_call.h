#pragma once

// One unary rpc that a shard waits for.

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "server/middleware/grpc/connection.h"
#include "server/middleware/grpc/grpc_thread.h"
#include "server/net/loop.h"

namespace portolan::middleware {

// Shared by who waits and by gRPC's thread, whoever stays longer. All but Run() is for the shard's thread.
class UnaryCall final : private RpcEvent {
 public:
  // Who waits. When it goes away before the rpc is over, the rpc is cancelled; either way nothing is called
  // or posted to the loop after that.
  class Waiting {
   public:
    Waiting() = default;
    explicit Waiting(std::shared_ptr<UnaryCall> call) : call_(std::move(call)) {}
    Waiting(Waiting&&) noexcept = default;
    Waiting& operator=(Waiting&& other) noexcept {
      Leave();
      call_ = std::move(other.call_);
      return *this;
    }
    ~Waiting() { Leave(); }

    explicit operator bool() const { return call_ != nullptr; }
    // Of a call that is over.
    const grpc::Status& status() const { return call_->status_; }
    const grpc::ByteBuffer& answer() const { return call_->answer_; }

   private:
    void Leave() {
      if (call_ != nullptr) call_->Abandon();
    }

    std::shared_ptr<UnaryCall> call_;
  };

  // Begins an rpc. `on_over` is called once, on the loop's thread, never from within this. `method` is one of
  // connection.h. May be called on another thread than the loop's while that does not run.
  static Waiting Start(Connection& connection, const char* method, const grpc::ByteBuffer& request,
                       net::TimePoint deadline, std::function<void()> on_over);

  UnaryCall(net::Loop& loop, std::function<void()> on_over) : loop_(loop), on_over_(std::move(on_over)) {}

 private:
  void Run(bool ok) override;
  void Arrive();
  void Abandon();

  net::Loop& loop_;  // not to be touched once abandoned
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> rpc_;
  grpc::ByteBuffer answer_;
  grpc::Status status_;
  std::function<void()> on_over_;
  std::shared_ptr<UnaryCall> self_;  // gRPC's hold

  std::mutex mutex_;
  bool over_ = false;       // guarded by mutex_
  bool abandoned_ = false;  // guarded by mutex_
};

}  // namespace portolan::middleware
