#pragma once

// One rpc on gRPC's core: what all kinds of rpcs have in common. The C++ API above the core copies metadata
// into maps of strings, and messages and statuses through layers of operations, which is a fifth of the cost
// of an rpc (docs/decisions/0011-grpc-api.md).
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

// Headers in the form that the core wants, with the text that they point to.
class OutgoingMetadata {
 public:
  // Replaces what was set before. Leaves out headers that are not fit for metadata.
  void Set(HeaderBlock headers);
  // Adds a header of binary value. `name` must be static.
  void AddBinary(std::string_view name, std::string value);
  size_t size() const { return items_.size(); }
  grpc_metadata* data() { return items_.data(); }

 private:
  void Add(std::string_view name, std::string_view value);
  HeaderBlock headers_;
  std::forward_list<std::string> own_;  // values that had to be spelt differently
  std::vector<grpc_metadata> items_;
};

// Deletes itself when nobody holds it any more. Every operation under way holds it, and so does whoever
// called Hold(). Its functions may be called on any thread, but those that send on one thread at a time.
class Rpc {
 public:
  Rpc(const Rpc&) = delete;
  Rpc& operator=(const Rpc&) = delete;

  void Hold() { holds_.fetch_add(1, std::memory_order_relaxed); }
  void Release() {
    if (holds_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 protected:
  // Is held once, by its maker.
  explicit Rpc(Arrival arrival);
  virtual ~Rpc() = default;

  // Must be called exactly once. OnClosed() is called when the rpc is over for gRPC, with `cancelled` if the
  // caller did not get its status.
  void Watch();

  // Messages are sent in order; the next one may be sent when OnWritten() has been called for the last. The
  // initial metadata leaves with the first send.
  void SetInitialMetadata(HeaderBlock headers) { initial_.Set(std::move(headers)); }
  void SetTrailingMetadata(HeaderBlock headers) { trailing_.Set(std::move(headers)); }
  // `message` must live until OnWritten(). `more`: another message follows at once, and this one may wait for
  // it.
  void StartWrite(grpc_byte_buffer* message, bool more);
  // Ends the rpc, with a last message unless that is null.
  void StartFinish(const grpc::Status& status, BufferPtr message = nullptr);
  // For rpcs whose callers send several messages: reads the next, for OnRead(). REQUIRES: no read is under
  // way.
  void StartRead();
  // Breaks the rpc off: every operation under way ends.
  void TryCancel() { grpc_call_cancel(call(), nullptr); }

  // Called on a queue's thread, which they must not block.
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

// A message for the core, with a copy of the bytes.
BufferPtr ToBuffer(std::string_view bytes);

// Parses a message. False if the bytes are not one of that type, or `buffer` is null.
bool ParseBuffer(grpc_byte_buffer* buffer, google::protobuf::MessageLite* out);

// Valid as long as the slice.
inline std::string_view ToView(const grpc_slice& slice) {
  return {reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(slice)), GRPC_SLICE_LENGTH(slice)};
}

}  // namespace portolan::rpc
