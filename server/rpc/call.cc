#include "server/rpc/call.h"

#include <google/protobuf/message.h>
#include <grpc/grpc_security.h>
#include <grpc/grpc_security_constants.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>

#include "server/rpc/metadata.h"
#include "server/rpc/status.h"

namespace portolan::rpc {
namespace {

// gRPC's monotonic clock is steady_clock's.
net::TimePoint ToTimePoint(gpr_timespec time) {
  const gpr_timespec steady = gpr_convert_clock_type(time, GPR_CLOCK_MONOTONIC);
  if (steady.tv_sec >= std::chrono::duration_cast<std::chrono::seconds>(net::Duration::max()).count()) {
    return net::kNever;
  }
  return net::TimePoint(std::chrono::seconds(steady.tv_sec) + std::chrono::nanoseconds(steady.tv_nsec));
}

// Of the caller's verified certificate, in RFC 2253's form; empty if it showed none.
std::string ClientSubject(grpc_call* call) {
  grpc_auth_context* const context = grpc_call_auth_context(call);
  if (context == nullptr) return {};
  grpc_auth_property_iterator properties =
      grpc_auth_context_find_properties_by_name(context, GRPC_X509_SUBJECT_PROPERTY_NAME);
  const grpc_auth_property* const subject = grpc_auth_property_iterator_next(&properties);
  std::string name = subject == nullptr ? std::string() : std::string(subject->value, subject->value_length);
  grpc_auth_context_release(context);
  return name;
}

// Of a small message, which came in one piece.
bool IsPlain(const grpc_byte_buffer* message, const codec::MessagePlan& plan) {
  const grpc_slice_buffer& slices = message->data.raw.slice_buffer;
  return slices.count == 1 && codec::IsPlainWire(plan, ToView(slices.slices[0]));
}

std::string Peer(grpc_call* call) {
  char* const name = grpc_call_get_peer(call);
  std::string address = PeerAddress(name);
  gpr_free(name);
  return address;
}

}  // namespace

Call::Call(std::shared_ptr<Front> front, const Method& method, Arrival arrival)
    : Rpc(std::move(arrival)),
      front_(std::move(front)),
      lane_(front_->NextLane()),
      method_(method),
      received_(net::Clock::now()),
      deadline_(ToTimePoint(this->arrival().deadline)) {
  front_->active.fetch_add(1, std::memory_order_relaxed);
}

Call::~Call() { front_->active.fetch_sub(1, std::memory_order_relaxed); }

void Call::PostToShard(void (*function)(Call*)) {
  Hold();
  loop().Post([this, function] {
    function(this);
    Release();
  });
}

void Call::Start() {
  Watch();
  PostToShard([](Call* call) { call->loop().Spawn(Serve(call)); });
}

net::CancelReason Call::WhyGone() const {
  const net::TimePoint now = net::Clock::now();
  if (now >= front_->cut_off.load(std::memory_order_relaxed)) return net::CancelReason::kShutdown;
  // The client's own clock runs out first, and grpc-timeout is spelt with up to a hundredth more than was
  // meant: a caller that leaves that close to its deadline left because of it.
  if (deadline_ != net::kNever &&
      now >= deadline_ - (deadline_ - received_) / 100 - std::chrono::milliseconds(20)) {
    return net::CancelReason::kDeadline;
  }
  return net::CancelReason::kClientGone;
}

void Call::OnClosed(bool cancelled) {
  if (!cancelled) return;
  PostToShard([](Call* call) { call->scope_.Cancel(call->WhyGone()); });
}

// The shard's hold on a call. Goes away with the task, however that ends, and takes care that the rpc is
// finished.
class Call::OnShard {
 public:
  explicit OnShard(Call* call) : call_(call) {
    call_->block_ = call_->lane_.blocks.Take();
    call_->arena_.emplace(call_->block_.get(), BlockPool::kBlockBytes);
  }
  OnShard(const OnShard&) = delete;
  OnShard& operator=(const OnShard&) = delete;
  ~OnShard() {
    call_->Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the call was broken off"));
    call_->arena_.reset();
    call_->lane_.blocks.Give(std::move(call_->block_));
    call_->Release();
  }

 private:
  Call* const call_;
};

net::Task<void> Call::Serve(Call* call) {
  const OnShard hold(call);
  net::Task<void> handling = call->Handle();
  co_await handling;
}

net::Task<void> Call::Handle() {
  core::Inbound inbound;
  Describe(&inbound);
  const std::optional<Error> error = ParseRequest();
  if (error) return Refuse(this, ToGrpcStatus(*error));
  inbound.message = message_;
  return lane_.shard.service->Handle(std::move(inbound), *this);
}

net::Task<void> Call::Refuse(Call* call, grpc::Status status) {
  call->Finish(status);
  co_return;
}

void Call::Describe(core::Inbound* inbound) {
  inbound->operation = method_.operation;
  inbound->door = core::Door::kGrpc;
  inbound->streaming_rpc = method_.streaming;
  inbound->received = received_;
  inbound->deadline = deadline_;
  inbound->scope = &scope_;
  ViewMetadata();
  inbound->headers = headers_;
  peer_ = Peer(call());
  inbound->peer = peer_;
  if (front_->tls) client_subject_ = ClientSubject(call());
  inbound->client_subject = client_subject_;
  request_id_ = FindHeader(inbound->headers, "x-request-id").value_or("");
  if (!telemetry::IsSaneRequestId(request_id_)) request_id_ = lane_.ids.Next().view();
  inbound->request_id = request_id_;
}

std::optional<Error> Call::ParseRequest() {
  message_ = method_.operation->request_type->New(&*arena_);
  // Taken, so that a large request is freed once it is parsed and not when the call is over.
  const BufferPtr request = TakePayload();
  if (!ParseBuffer(request.get(), message_)) {
    return Error::InvalidRequest("invalid_message", "the request is not a valid " + message_->GetTypeName());
  }
  if (IsPlain(request.get(), *method_.operation->request)) return std::nullopt;
  codec::DecodeError problem;
  if (!codec::CheckVerbatim(*method_.operation->request, *message_, {}, &problem)) {
    return Error::InvalidRequest("invalid_json", problem.ToString(), problem.path);
  }
  return std::nullopt;
}

void Call::ViewMetadata() {
  const MetadataArray& metadata = arrival().metadata;
  headers_.reserve(metadata.size());
  for (const grpc_metadata& item : metadata) {
    const std::string_view name = ToView(item.key);
    // Nothing reads binary metadata. What is addressed to the gateway all the same is named to the caller.
    const bool ours = name.starts_with("x-portolan-") || name.starts_with("x-portkey-");
    if (name.ends_with("-bin") && !ours) continue;
    headers_.push_back({name, ToView(item.value)});
  }
}

void Call::Finish(const grpc::Status& status, BufferPtr message) {
  if (std::exchange(finished_, true)) return;
  SendStatus(status, std::move(message));
}

net::Task<core::Delivered> Call::SendError(core::ReplyHead head, const Error& error, std::string_view) {
  if (finished_) co_return false;
  SetTrailingMetadata(std::move(head.headers));
  Finish(ToGrpcStatus(error));
  co_return !scope_.cancelled();
}

core::Delivered Call::Misused() {
  Finish(grpc::Status(grpc::StatusCode::INTERNAL, "the answer does not fit the rpc"));
  return false;
}

net::Task<core::Delivered> Call::SendJson(core::ReplyHead, std::span<const std::string_view>) {
  co_return Misused();
}
net::Task<core::Delivered> Call::WriteBytes(std::span<const std::string_view>) { co_return Misused(); }
net::Task<core::Delivered> Call::SendMessage(core::ReplyHead, std::string_view) { co_return Misused(); }
net::Task<core::Delivered> Call::StartStream(core::ReplyHead) { co_return Misused(); }
net::Task<core::Delivered> Call::WriteMessages(std::span<const std::string_view>) { co_return Misused(); }
net::Task<core::Delivered> Call::EndStream(const Error*) { co_return Misused(); }

}  // namespace portolan::rpc
