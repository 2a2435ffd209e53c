#include "server/rpc/rpc_server.h"

#include <google/protobuf/descriptor.h>
#include <grpc/support/log.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "server/net/address.h"
#include "server/net/listener.h"
#include "server/rpc/acceptor.h"
#include "server/rpc/call.h"
#include "server/rpc/credentials.h"
#include "server/rpc/event_queue.h"
#include "server/rpc/front.h"
#include "server/rpc/health.h"
#include "server/rpc/reflection.h"

namespace portolan::rpc {
namespace {

using google::protobuf::MethodDescriptor;

constexpr int kStreamWindow = 1 << 20;

int Millis(std::chrono::milliseconds duration) { return static_cast<int>(duration.count()); }

void SetLimits(const RpcOptions& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  builder.SetMaxSendMessageSize(options.max_message_bytes);
  builder.SetResourceQuota(grpc::ResourceQuota("callers").Resize(options.max_arriving_bytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, options.max_metadata_bytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_streams_per_connection);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ,
                             0);  // counts every call for a service that is not served
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Millis(options.keepalive_time));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Millis(options.keepalive_timeout));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  if (options.max_connection_age > std::chrono::milliseconds::zero()) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Millis(options.max_connection_age));
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                               Millis(options.max_connection_age_grace));
  }
  // What a caller may send before it is read. gRPC's own estimate lets tens of megabytes arrive for a body
  // that is relayed, and its probes take twice the time.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kStreamWindow);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA,
                             0);  // no limit: an hour may pass in silence
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             Millis(options.min_client_ping_interval));
}

// One queue's thread keeps two shards busy.
size_t QueuesFor(size_t shards) { return (shards + 1) / 2; }

void AddOperation(const core::OperationSpec& operation, const std::shared_ptr<Front>& front,
                  std::vector<std::string>* services, Acceptor* acceptor) {
  for (const MethodDescriptor* descriptor : {operation.unary, operation.streaming}) {
    if (descriptor == nullptr) continue;
    const std::string& service = descriptor->service()->full_name();
    if (std::find(services->begin(), services->end(), service) == services->end())
      services->push_back(service);
    const Method method{&operation, descriptor == operation.streaming};
    Kind kind = Kind::kUnary;
    auto take = &TakeUnaryCall;
    if (operation.relays) {
      kind = Kind::kBidiStream;
      take = &TakeRelayCall;
    } else if (method.streaming) {
      kind = Kind::kServerStream;
      take = &TakeStreamCall;
    }
    acceptor->Add(absl::StrCat("/", service, "/", descriptor->name()), kind,
                  [front, method, take](Arrival arrival) { take(front, method, std::move(arrival)); });
  }
}

}  // namespace

// The order is that in which things are taken down, last first.
struct RpcServer::Impl {
  std::shared_ptr<Front> front = std::make_shared<Front>();
  std::unique_ptr<Health> health;
  Acceptor acceptor;
  std::vector<std::unique_ptr<EventQueue>> queues;
  std::unique_ptr<grpc::Server> server;
  std::shared_ptr<TlsSource> tls;  // null: plain
  int port = 0;
};

void PrepareLibrary() {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
}

RpcServer::RpcServer() : impl_(std::make_unique<Impl>()) {}

RpcServer::~RpcServer() { Shutdown(net::Clock::now()); }

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(
    const RpcOptions& options, const std::vector<Shard>& shards,
    const std::vector<std::unique_ptr<core::OperationSpec>>& operations) {
  const absl::StatusOr<net::SocketAddress> address = net::ParseAddress(options.address);
  if (!address.ok()) return address.status();
  if (absl::Status free = net::CheckFree(*address); !free.ok()) return free;

  std::unique_ptr<RpcServer> self(new RpcServer);
  Impl& impl = *self->impl_;
  for (const Shard& shard : shards) impl.front->lanes.push_back(std::make_unique<Lane>(shard));
  impl.front->max_calls = options.max_calls;
  std::vector<std::string> services;
  for (const auto& operation : operations) {
    // The other dialects are those of REST APIs.
    if (operation->speaks_hub()) AddOperation(*operation, impl.front, &services, &impl.acceptor);
  }
  impl.health = std::make_unique<Health>(services);
  impl.health->AddTo(impl.acceptor);
  services.emplace_back("grpc.health.v1.Health");
  AddReflection(services, impl.acceptor);

  grpc::ServerBuilder builder;
  SetLimits(options, builder);
  impl.acceptor.Register(builder);
  for (size_t i = 0; i < QueuesFor(std::max<size_t>(shards.size(), 1)); ++i) {
    impl.queues.push_back(std::make_unique<EventQueue>(builder));
  }
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
  if (options.tls) {
    impl.tls = std::make_shared<TlsSource>(*options.tls);
    credentials = NewTlsCredentials(impl.tls);
  }
  impl.front->tls = options.tls.has_value();
  builder.AddListeningPort(address->ToString(), credentials, &impl.port);
  impl.server = builder.BuildAndStart();
  if (impl.server == nullptr || impl.port == 0) {
    return absl::UnavailableError(absl::StrCat("gRPC cannot listen on ", address->ToString()));
  }
  impl.acceptor.Start(*impl.server, impl.queues);
  for (const auto& queue : impl.queues) queue->Start();
  return self;
}

int RpcServer::port() const { return impl_->port; }

void RpcServer::SetServing(bool serving) { impl_->health->SetServing(serving); }

void RpcServer::ReplaceTls(const net::TlsIdentity& identity) { impl_->tls->Replace(identity); }

int RpcServer::active_calls() const { return impl_->front->active.load(std::memory_order_relaxed); }

void RpcServer::Shutdown(net::TimePoint deadline) {
  if (impl_->server == nullptr) return;
  impl_->health->Stop();
  Front& front = *impl_->front;
  front.cut_off.store(deadline, std::memory_order_relaxed);
  const auto left = std::clamp<net::Duration>(deadline - net::Clock::now(), net::Duration::zero(),
                                              std::chrono::hours(24 * 365));
  impl_->server->Shutdown(std::chrono::system_clock::now() +
                          std::chrono::duration_cast<std::chrono::system_clock::duration>(left));
  // The server is done with every rpc; the shards may not be.
  impl_->acceptor.WaitForRpcs();
  for (const auto& queue : impl_->queues) queue->Stop();
  impl_->server.reset();
}

}  // namespace portolan::rpc
