#include "server/rpc/call.h"

#include <google/protobuf/message.h>
#include <grpc/grpc_security_constants.h>
#include <grpc/support/time.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <climits>
#include <cstring>

#include "server/rpc/metadata.h"
#include "server/rpc/status.h"

namespace portolan::rpc {
namespace {

using google::protobuf::Arena;
using google::protobuf::Message;

// gRPC's monotonic clock is steady_clock's.
net::TimePoint ToTimePoint(gpr_timespec time) {
  const gpr_timespec steady = gpr_convert_clock_type(time, GPR_CLOCK_MONOTONIC);
  if (steady.tv_sec >= std::chrono::duration_cast<std::chrono::seconds>(net::Duration::max()).count()) {
    return net::kNever;
  }
  return net::TimePoint(std::chrono::seconds(steady.tv_sec) + std::chrono::nanoseconds(steady.tv_nsec));
}

bool Parse(grpc::ByteBuffer& bytes, Message* out) {
  if (!bytes.Valid()) return false;
  grpc::Slice slice;
  if (bytes.TrySingleSlice(&slice).ok() && slice.size() <= INT_MAX) {
    return out->ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
  }
  grpc::ProtoBufferReader reader(&bytes);
  return out->ParseFromZeroCopyStream(&reader) && reader.status().ok();
}

// Of the caller's verified certificate, in RFC 2253's form; empty if it showed none.
std::string ClientSubject(const grpc::ServerContextBase& context) {
  const auto values = context.auth_context()->FindPropertyValues(GRPC_X509_SUBJECT_PROPERTY_NAME);
  return values.empty() ? std::string() : std::string(values[0].data(), values[0].size());
}

}  // namespace

Call::Call(std::shared_ptr<Front> front, const Method& method, grpc::CallbackServerContext* context,
           const grpc::ByteBuffer* request)
    : context_(context),
      front_(std::move(front)),
      lane_(front_->NextLane()),
      method_(method),
      received_(net::Clock::now()),
      deadline_(ToTimePoint(context->raw_deadline())) {
  // Taken, so that a large request is freed once it is parsed and not when the call is over.
  request_.Swap(const_cast<grpc::ByteBuffer*>(request));
  front_->active.fetch_add(1, std::memory_order_relaxed);
}

Call::~Call() {
  if (front_->active.fetch_sub(1, std::memory_order_acq_rel) == 1) front_->active.notify_all();
}

void Call::Release() {
  if (holds_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

void Call::PostToShard(void (*function)(Call*)) {
  holds_.fetch_add(1, std::memory_order_relaxed);
  loop().Post([this, function] {
    function(this);
    Release();
  });
}

void Call::Start() {
  PostToShard([](Call* call) { call->loop().Spawn(Serve(call)); });
}

net::CancelReason Call::WhyGone() const {
  const net::TimePoint now = net::Clock::now();
  if (now >= front_->cut_off.load(std::memory_order_relaxed)) return net::CancelReason::kShutdown;
  // The client's own clock runs out first, and grpc-timeout is spelt with up to a hundredth more than was
  // meant: what goes away that close to its deadline went because of it.
  if (deadline_ != net::kNever &&
      now >= deadline_ - (deadline_ - received_) / 100 - std::chrono::milliseconds(20)) {
    return net::CancelReason::kDeadline;
  }
  return net::CancelReason::kClientGone;
}

void Call::Cancelled() {
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
  core::Inbound inbound;
  const std::optional<Error> error = call->Receive(&inbound);
  if (error) {
    call->Finish(ToGrpcStatus(*error));
    co_return;
  }
  net::Task<void> handling = call->lane_.shard.service->Handle(std::move(inbound), *call);
  co_await handling;
}

std::optional<Error> Call::Receive(core::Inbound* inbound) {
  inbound->operation = method_.operation;
  inbound->door = core::Door::kGrpc;
  inbound->streaming_rpc = method_.streaming;
  inbound->received = received_;
  inbound->deadline = deadline_;
  inbound->scope = &scope_;
  CopyMetadata(inbound);
  peer_ = PeerAddress(context_->peer());
  inbound->peer = peer_;
  if (front_->tls) client_subject_ = ClientSubject(*context_);
  inbound->client_subject = client_subject_;
  request_id_ = FindHeader(inbound->headers, "x-request-id").value_or("");
  if (!telemetry::IsSaneRequestId(request_id_)) request_id_ = lane_.ids.Next().view();
  inbound->request_id = request_id_;
  std::optional<Error> error = ParseRequest();
  inbound->message = message_;
  return error;
}

std::optional<Error> Call::ParseRequest() {
  message_ = method_.operation->request_type->New(&*arena_);
  const bool parsed = Parse(request_, message_);
  request_.Clear();
  if (!parsed) {
    return Error::InvalidRequest("invalid_message", "the request is not a valid " + message_->GetTypeName());
  }
  codec::DecodeError problem;
  if (!codec::CheckVerbatim(*method_.operation->request, *message_, {}, &problem)) {
    return Error::InvalidRequest("invalid_json", problem.ToString(), problem.path);
  }
  return std::nullopt;
}

// Into the arena: gRPC's copy lives only until the status is sent.
void Call::CopyMetadata(core::Inbound* inbound) {
  const auto& metadata = context_->client_metadata();
  size_t bytes = 0;
  for (const auto& [name, value] : metadata) bytes += name.size() + value.size();
  char* end = Arena::CreateArray<char>(&*arena_, bytes);
  const auto copy = [&end](grpc::string_ref text) {
    const std::string_view view(end, text.size());
    if (!text.empty()) std::memcpy(end, text.data(), text.size());
    end += text.size();
    return view;
  };
  inbound->headers.reserve(metadata.size());
  for (const auto& [name, value] : metadata) {
    if (name.ends_with("-bin")) continue;
    const std::string_view key = copy(name);
    inbound->headers.push_back({key, copy(value)});
  }
}

void Call::AddInitialMetadata(const HeaderBlock& headers) {
  std::string name;
  std::string value;
  for (const HeaderView header : headers) {
    if (!FitForMetadata(header.name)) continue;
    name = header.name;
    SetMetadataValue(header.value, &value);
    context_->AddInitialMetadata(name, value);  // which copies both
  }
}

void Call::Finish(const grpc::Status& status) {
  if (std::exchange(finished_, true)) return;
  SendStatus(status);
}

net::Task<core::Delivered> Call::SendError(core::ReplyHead head, const Error& error, std::string_view) {
  if (finished_) co_return false;
  std::string value;
  for (const HeaderView header : head.headers) {
    if (!FitForMetadata(header.name)) continue;
    SetMetadataValue(header.value, &value);
    context_->AddTrailingMetadata(std::string(header.name), value);
  }
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

void Call::Copy(std::string_view wire, grpc::ByteBuffer* out) {
  const grpc::Slice slice(wire.data(), wire.size());
  *out = grpc::ByteBuffer(&slice, 1);
}

}  // namespace portolan::rpc
