#pragma once

// One rpc between gRPC's threads and its shard. Internal to server/rpc: this header brings in grpcpp.

#include <google/protobuf/arena.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "server/core/reply.h"
#include "server/net/cancel.h"
#include "server/rpc/front.h"

namespace portolan::rpc {

// Makes the reactor of a call that has arrived; it deletes itself when gRPC and the shard are both done with
// it. `request` and `response` are gRPC's, non-const underneath.
grpc::ServerUnaryReactor* NewUnaryCall(const std::shared_ptr<Front>& front, const Method& method,
                                       grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response);
grpc::ServerWriteReactor<grpc::ByteBuffer>* NewStreamCall(const std::shared_ptr<Front>& front,
                                                          const Method& method,
                                                          grpc::CallbackServerContext* context,
                                                          const grpc::ByteBuffer* request);

// What both kinds of call have in common: everything but the sending.
//
// Two parties hold a call: gRPC, until OnDone, and the shard, until the service has returned. Every function
// posted from one to the other holds it as well. gRPC's context is gone after OnDone, so nothing touches it
// once the status is sent: what the service may look at later is copied first.
class Call : public core::ReplySink {
 public:
  // Posts the call to its shard. REQUIRES: the call is completely constructed.
  void Start();

  bool typed() const final { return true; }
  net::Task<core::Delivered> SendError(core::ReplyHead head, const Error& error, std::string_view) final;
  // Answers of a kind that this rpc does not have. The service never does that; the call ends with INTERNAL.
  net::Task<core::Delivered> SendJson(core::ReplyHead, std::span<const std::string_view>) final;
  net::Task<core::Delivered> WriteBytes(std::span<const std::string_view>) final;
  net::Task<core::Delivered> SendMessage(core::ReplyHead, std::string_view) override;
  net::Task<core::Delivered> StartStream(core::ReplyHead) override;
  net::Task<core::Delivered> WriteMessages(std::span<const std::string_view>) override;
  net::Task<core::Delivered> EndStream(const Error*) override;

 protected:
  Call(std::shared_ptr<Front> front, const Method& method, grpc::CallbackServerContext* context,
       const grpc::ByteBuffer* request);
  ~Call() override;

  // On gRPC's threads.
  void Cancelled();                           // OnCancel
  void PostToShard(void (*function)(Call*));  // holds the call until it has run
  void Release();                             // gives up one hold

  // On the shard.
  // Why the rpc was cancelled: the caller went, its deadline came, or the server is shutting down.
  net::CancelReason WhyGone() const;
  net::Loop& loop() { return *lane_.shard.loop; }
  net::CancelScope& scope() { return scope_; }
  // Whether the status was sent: gRPC's context must not be touched any more.
  bool finished() const { return finished_; }
  void AddInitialMetadata(const HeaderBlock& headers);
  // Sends the status. Only the first counts.
  void Finish(const grpc::Status& status);
  virtual void SendStatus(const grpc::Status& status) = 0;
  static void Copy(std::string_view wire, grpc::ByteBuffer* out);

  grpc::CallbackServerContext* const context_;

 private:
  class OnShard;
  static net::Task<void> Serve(Call* call);
  std::optional<Error> Receive(core::Inbound* inbound);
  std::optional<Error> ParseRequest();
  void CopyMetadata(core::Inbound* inbound);
  core::Delivered Misused();

  const std::shared_ptr<Front> front_;
  Lane& lane_;
  const Method method_;
  const net::TimePoint received_;
  const net::TimePoint deadline_;
  std::atomic<int> holds_ = 2;
  grpc::ByteBuffer request_;

  // The shard's.
  net::CancelScope scope_;
  BlockPool::Block block_;
  std::optional<google::protobuf::Arena> arena_;
  google::protobuf::Message* message_ = nullptr;
  std::string peer_;
  std::string client_subject_;
  std::string request_id_;
  bool finished_ = false;
};

}  // namespace portolan::rpc
