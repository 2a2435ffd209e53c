#pragma once

// One rpc of the API, between gRPC's threads and its shard. Internal to server/rpc: this header includes
// gRPC's.

#include <google/protobuf/arena.h>

#include <memory>
#include <optional>
#include <string>

#include "server/core/reply.h"
#include "server/net/cancel.h"
#include "server/rpc/front.h"
#include "server/rpc/rpc.h"

namespace portolan::rpc {

// Each takes over an rpc, which then runs by itself until gRPC and the shard are both done with it.
void TakeUnaryCall(const std::shared_ptr<Front>& front, const Method& method, Arrival arrival);
void TakeStreamCall(const std::shared_ptr<Front>& front, const Method& method, Arrival arrival);
void TakeRelayCall(const std::shared_ptr<Front>& front, const Method& method, Arrival arrival);

// What both kinds of call have in common, which is everything but the sending.
//
// The shard holds a call until the service has returned, and so does every function posted for it. The
// metadata that the service sees lives as long as the call.
class Call : public Rpc, public core::ReplySink {
 public:
  // Posts the call to its shard, which takes over its maker's hold. REQUIRES: the call is fully constructed.
  void Start();

  bool typed() const final { return true; }
  net::Task<core::Delivered> SendError(core::ReplyHead head, const Error& error, std::string_view) override;
  // Answers of a kind that this rpc does not have. The service never gives one; if it did, the call would end
  // with INTERNAL.
  net::Task<core::Delivered> SendJson(core::ReplyHead, std::span<const std::string_view>) final;
  net::Task<core::Delivered> WriteBytes(std::span<const std::string_view>) final;
  net::Task<core::Delivered> SendMessage(core::ReplyHead, std::string_view) override;
  net::Task<core::Delivered> StartStream(core::ReplyHead) override;
  net::Task<core::Delivered> WriteMessages(std::span<const std::string_view>) override;
  net::Task<core::Delivered> EndStream(const Error*) override;

 protected:
  Call(std::shared_ptr<Front> front, const Method& method, Arrival arrival);
  ~Call() override;

  void PostToShard(void (*function)(Call*));  // holds the call until it has run

  // The functions below are for the shard.
  //
  // Why the rpc was cancelled: the caller left, its deadline passed, or the server is shutting down.
  net::CancelReason WhyGone() const;
  net::Loop& loop() { return *lane_.shard.loop; }
  net::CancelScope& scope() { return scope_; }
  // Whether the status has been sent.
  bool finished() const { return finished_; }
  // Sends the status, unless one was sent before.
  void Finish(const grpc::Status& status, BufferPtr message = nullptr);
  virtual void SendStatus(const grpc::Status& status, BufferPtr message) = 0;
  // Hands the call to the service.
  virtual net::Task<void> Handle();
  // Fills in all but what is asked for.
  void Describe(core::Inbound* inbound);
  core::Service& service() { return *lane_.shard.service; }
  // Adds what counts as a header of the call. REQUIRES: the texts live as long as the call.
  void AddHeader(HeaderView header) { headers_.push_back(header); }
  std::span<const HeaderView> headers() const { return headers_; }

 private:
  class OnShard;
  static net::Task<void> Serve(Call* call);
  static net::Task<void> Refuse(Call* call, grpc::Status status);
  void OnClosed(bool cancelled) final;
  std::optional<Error> ParseRequest();
  void ViewMetadata();
  core::Delivered Misused();

  const std::shared_ptr<Front> front_;
  Lane& lane_;
  const Method method_;
  const net::TimePoint received_;
  const net::TimePoint deadline_;

  // For the shard's thread.
  net::CancelScope scope_;
  BlockPool::Block block_;
  std::optional<google::protobuf::Arena> arena_;
  google::protobuf::Message* message_ = nullptr;
  std::vector<HeaderView> headers_;
  std::string peer_;
  std::string client_subject_;
  std::string request_id_;
  bool finished_ = false;
};

}  // namespace portolan::rpc
