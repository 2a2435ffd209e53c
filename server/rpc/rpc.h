#pragma once

// One rpc on gRPC's core: what every kind of them has in common. The C++ API above the core copies metadata
// into maps of strings, and messages and statuses through layers of operations: a fifth of what an rpc costs.
// https://grpc.github.io/grpc/core/grpc_8h.html

#include <google/protobuf/message_lite.h>
#include <grpc/grpc.h>
#include <grpcpp/support/status.h>

#include <atomic>
#include <forward_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/header.h"
#include "server/rpc/acceptor.h"

namespace portolan::rpc {

// Headers as the core wants them. Keeps the text that they point to.
class OutgoingMetadata {
 public:
  // Leaves out what is not fit for metadata. Takes the place of what was set before.
  void Set(HeaderBlock headers);
  // Of bytes; `name` must be a constant.
  void AddBinary(std::string_view name, std::string value);
  size_t size() const { return items_.size(); }
  grpc_metadata* data() { return items_.data(); }

 private:
  void Add(std::string_view name, std::string_view value);
  HeaderBlock headers_;
  std::forward_list<std::string> own_;  // values that had to be spelt differently
  std::vector<grpc_metadata> items_;
};

// Deletes itself when nobody holds it any more: gRPC does for each operation under way, and whoever called
// Hold(). The functions may be called on any thread, but those that send by one at a time.
class Rpc {
 public:
  Rpc(const Rpc&) = delete;
  Rpc& operator=(const Rpc&) = delete;

  void Hold() { holds_.fetch_add(1, std::memory_order_relaxed); }
  void Release() {
    if (holds_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 protected:
  // Is held once, by whoever makes it.
  explicit Rpc(Arrival arrival);
  virtual ~Rpc() = default;

  // Must be called, once. OnClosed() comes when the rpc is over for gRPC: `cancelled` if the caller did not
  // get its status.
  void Watch();

  // Sends go out in their order; the next message may be sent when OnWritten() has come for the last. The
  // initial metadata leaves with the first of them.
  void SetInitialMetadata(HeaderBlock headers) { initial_.Set(std::move(headers)); }
  void SetTrailingMetadata(HeaderBlock headers) { trailing_.Set(std::move(headers)); }
  // `message` must live until OnWritten. `more`: another follows at once, and this one may wait for it.
  void StartWrite(grpc_byte_buffer* message, bool more);
  // The end of the rpc, with a last message if that is not null.
  void StartFinish(const grpc::Status& status, BufferPtr message = nullptr);
  // Of callers that send more than one message; OnRead() tells what came. REQUIRES: none is under way.
  void StartRead();
  // Breaks the rpc off: all that is under way ends.
  void TryCancel() { grpc_call_cancel(call(), nullptr); }

  // On a queue's thread, and none of them may block.
  virtual void OnClosed(bool cancelled) = 0;
  virtual void OnWritten(bool /*ok*/) {}
  virtual void OnRead(BufferPtr /*message; null: the last was it*/) {}

  grpc_call* call() const { return arrival_.call.get(); }
  const Arrival& arrival() const { return arrival_; }
  BufferPtr TakePayload() { return std::move(arrival_.payload); }

 private:
  template <void (Rpc::*kThen)(bool)>
  struct Done final : Event {
    explicit Done(Rpc* the_rpc) : rpc(the_rpc) {}
    void Run(bool ok) override {
      (rpc->*kThen)(ok);
      rpc->Release();
    }
    Rpc* const rpc;
  };
  void Closed(bool) { OnClosed(cancelled_ != 0); }
  void Written(bool ok) { OnWritten(ok); }
  void Read(bool ok) {
    BufferPtr message(std::exchange(read_, nullptr));
    OnRead(ok ? std::move(message) : nullptr);
  }
  void Finished(bool) {}
  void Start(const grpc_op* ops, size_t count, Event* event);
  grpc_op InitialMetadata();

  Arrival arrival_;
  std::atomic<int> holds_ = 1;
  int cancelled_ = 0;
  bool begun_ = false;  // the initial metadata was sent
  OutgoingMetadata initial_;
  OutgoingMetadata trailing_;
  BufferPtr last_;
  grpc_byte_buffer* read_ = nullptr;
  Done<&Rpc::Closed> closed_{this};
  Done<&Rpc::Written> written_{this};
  Done<&Rpc::Read> read_done_{this};
  Done<&Rpc::Finished> finished_{this};
};

// A message for the core: a copy of the bytes.
BufferPtr ToBuffer(std::string_view bytes);

// The bytes of a message. False if they are not of that type. `buffer` may be null, which is never a message.
bool ParseBuffer(grpc_byte_buffer* buffer, google::protobuf::MessageLite* out);

inline std::string_view ToView(const grpc_slice& slice) {
  return {reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(slice)), GRPC_SLICE_LENGTH(slice)};
}

}  // namespace portolan::rpc
