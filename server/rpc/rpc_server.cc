#include "server/rpc/rpc_server.h"

#include <google/protobuf/descriptor.h>
#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <cstdlib>
#include <deque>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "server/net/listener.h"
#include "server/rpc/call.h"
#include "server/rpc/credentials.h"
#include "server/rpc/front.h"
#include "server/rpc/keep_awake.h"

namespace portolan::rpc {
namespace {

using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using grpc::ByteBuffer;
using grpc::internal::RpcMethod;
using grpc::internal::RpcServiceMethod;

// One service of the API, registered from its descriptor the way generated code registers itself, with
// requests and responses as bytes. Measured against CallbackGenericService it saves a sixth of the CPU of a
// unary call (that one reads each request by an operation of its own), and reflection sees the service.
class ApiService final : public grpc::Service {
 public:
  explicit ApiService(std::shared_ptr<Front> front) : front_(std::move(front)) {}

  void Add(const core::OperationSpec& operation, const MethodDescriptor& descriptor) {
    const Method method{&operation, &descriptor == operation.streaming};
    paths_.push_back(absl::StrCat("/", descriptor.service()->full_name(), "/", descriptor.name()));
    AddMethod(new RpcServiceMethod(paths_.back().c_str(),
                                   method.streaming ? RpcMethod::SERVER_STREAMING : RpcMethod::NORMAL_RPC,
                                   nullptr));
    MarkMethodRawCallback(static_cast<int>(paths_.size()) - 1,
                          method.streaming ? StreamHandler(method) : UnaryHandler(method));
  }

 private:
  grpc::internal::MethodHandler* UnaryHandler(Method method) {
    return new grpc::internal::CallbackUnaryHandler<ByteBuffer, ByteBuffer>(
        [front = front_, method](grpc::CallbackServerContext* context, const ByteBuffer* request,
                                 ByteBuffer* response) {
          return NewUnaryCall(front, method, context, request, response);
        });
  }
  grpc::internal::MethodHandler* StreamHandler(Method method) {
    return new grpc::internal::CallbackServerStreamingHandler<ByteBuffer, ByteBuffer>(
        [front = front_, method](grpc::CallbackServerContext* context, const ByteBuffer* request) {
          return NewStreamCall(front, method, context, request);
        });
  }

  const std::shared_ptr<Front> front_;
  std::deque<std::string> paths_;  // gRPC keeps pointers to them
};

// Adds reflection to this server. gRPC's reflection library does so by itself when it is linked in one way
// and not in the other; this way it is there exactly once.
class WithReflection final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    auto reflection = std::make_unique<grpc::reflection::ProtoServerReflectionPlugin>();
    for (const auto& plugin : *plugins) {
      if (plugin->name() == reflection->name()) return;
    }
    plugins->push_back(std::move(reflection));
  }
};

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
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA,
                             0);  // no limit: an hour may pass in silence
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             Millis(options.min_client_ping_interval));
}

}  // namespace

struct RpcServer::Impl {
  std::shared_ptr<Front> front = std::make_shared<Front>();
  std::vector<const ServiceDescriptor*> descriptors;
  std::vector<std::unique_ptr<ApiService>> services;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<KeepAwake> keep_awake;
  std::shared_ptr<TlsSource> tls;  // null: plain
  int port = 0;

  ApiService& ServiceOf(const MethodDescriptor& method) {
    for (size_t i = 0; i < descriptors.size(); ++i) {
      if (descriptors[i] == method.service()) return *services[i];
    }
    descriptors.push_back(method.service());
    return *services.emplace_back(std::make_unique<ApiService>(front));
  }
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
  for (const auto& operation : operations) {
    for (const MethodDescriptor* method : {operation->unary, operation->streaming}) {
      if (method != nullptr) impl.ServiceOf(*method).Add(*operation, *method);
    }
  }

  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  SetLimits(options, builder);
  builder.SetOption(std::make_unique<WithReflection>());
  for (const auto& service : impl.services) builder.RegisterService(service.get());
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
  self->SetServing(true);
  impl.keep_awake = std::make_unique<KeepAwake>(impl.server->InProcessChannel({}));
  return self;
}

int RpcServer::port() const { return impl_->port; }

void RpcServer::SetServing(bool serving) {
  grpc::HealthCheckServiceInterface* health = impl_->server->GetHealthCheckService();
  for (const ServiceDescriptor* service : impl_->descriptors) {
    health->SetServingStatus(service->full_name(), serving);
  }
  health->SetServingStatus(serving);
}

void RpcServer::ReplaceTls(const net::TlsIdentity& identity) { impl_->tls->Replace(identity); }

int RpcServer::active_calls() const { return impl_->front->active.load(std::memory_order_relaxed); }

void RpcServer::Shutdown(net::TimePoint deadline) {
  if (impl_->server == nullptr) return;
  impl_->keep_awake.reset();
  Front& front = *impl_->front;
  front.cut_off.store(deadline, std::memory_order_relaxed);
  const auto left = std::clamp<net::Duration>(deadline - net::Clock::now(), net::Duration::zero(),
                                              std::chrono::hours(24 * 365));
  impl_->server->Shutdown(std::chrono::system_clock::now() +
                          std::chrono::duration_cast<std::chrono::system_clock::duration>(left));
  // gRPC is done with every call; the shards may not be.
  for (int active = front.active.load(); active != 0; active = front.active.load()) front.active.wait(active);
  impl_->server.reset();
}

}  // namespace portolan::rpc
