#pragma once

// One HandleStream rpc, from a shard's thread: writes go one after the other, what the service says is kept
// until it is taken.

#include <grpcpp/client_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/client_callback.h>
#include <grpcpp/support/status.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "server/middleware/grpc/connection.h"
#include "server/net/loop.h"

namespace portolan::middleware {

// Shared by the stream on the shard's thread and by gRPC, whoever stays longer. What is public here is for that
// thread; the reactions are gRPC's.
class StreamCall final : private grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                         public std::enable_shared_from_this<StreamCall> {
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

  StreamCall(net::Loop& loop, std::function<void()> on_news);

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
  void OnWriteDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  void WriteNext();
  void PostNews();  // REQUIRES: mutex_ is held
  void TellNews();

  struct Queued {
    uint64_t sequence;
    grpc::ByteBuffer bytes;
  };

  grpc::ClientContext context_;
  net::Loop& loop_;  // not to be touched once left
  std::function<void()> on_news_;

  grpc::ByteBuffer writing_bytes_;  // of whoever has set writing_
  grpc::ByteBuffer reading_bytes_;  // of whoever has set reading_

  std::mutex mutex_;  // guards what follows
  std::shared_ptr<StreamCall> self_;
  bool left_ = false;
  bool posted_ = false;
  // Writes. gRPC keeps the rpc for them (a hold) while can_write_.
  std::deque<Queued> queue_;
  uint64_t told_ = 0;
  bool can_write_ = true;
  bool writing_ = false;
  bool closing_ = false;
  bool broken_ = false;
  // Reads. Another hold while can_read_.
  std::deque<Heard> heard_;
  int unheard_ = 0;  // messages after it was left
  bool can_read_ = true;
  bool reading_ = true;
  std::optional<grpc::Status> status_;
};

}  // namespace portolan::middleware
