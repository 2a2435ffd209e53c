#include "connection.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <climits>
#include <utility>

namespace portolan::internal {
namespace {

// What the gateway takes and sends.
constexpr int kLargestMessage = 64 << 20;
constexpr int kLargestMetadata = 64 << 10;

std::shared_ptr<grpc::ChannelCredentials> CredentialsOf(const ClientOptions& options) {
  if (!options.tls && options.ca.empty() && options.certificate_chain.empty())
    return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = options.ca;
  tls.pem_private_key = options.certificate_key;
  tls.pem_cert_chain = options.certificate_chain;
  return grpc::SslCredentials(tls);
}

int Milliseconds(std::chrono::milliseconds time) {
  return static_cast<int>(std::min<std::chrono::milliseconds::rep>(time.count(), INT_MAX));
}

grpc::ChannelArguments ArgumentsOf(const ClientOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetUserAgentPrefix("portolan-cpp/" PORTOLAN_CLIENT_VERSION);
  arguments.SetMaxReceiveMessageSize(kLargestMessage);
  arguments.SetMaxSendMessageSize(kLargestMessage);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kLargestMetadata);
  // Calls go to all gateways that the name stands for, and to others when it stands for others.
  arguments.SetServiceConfigJSON(R"({"loadBalancingConfig": [{"round_robin": {}}]})");
  // A rollout exchanges pods faster than once in the half minute that gRPC lets pass between two look-ups.
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 1000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
  // A stream may be silent for long while a model thinks: its connection is looked after all that time.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(options.keepalive_time));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(options.keepalive_timeout));
  // All pings: where one of another purpose is unanswered, newer gRPC sends none to keep the connection.
  arguments.SetInt("grpc.http2.ping_timeout_ms", Milliseconds(options.keepalive_timeout));
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  return arguments;
}

}  // namespace

Connection::Connection(const std::string& target, ClientOptions options)
    : options_(std::move(options)),
      channel_(grpc::CreateCustomChannel(target, CredentialsOf(options_), ArgumentsOf(options_))),
      probe_(channel_) {}

void Connection::Close() {
  closing_.request_stop();
  calls_->Wait();
}

void Calls::Enter() {
  const std::lock_guard lock(mutex_);
  ++calls_;
}

void Calls::Leave() {
  const std::lock_guard lock(mutex_);
  if (--calls_ == 0) left_.notify_all();
}

void Calls::Wait() {
  std::unique_lock lock(mutex_);
  left_.wait(lock, [this] { return calls_ == 0; });
}

}  // namespace portolan::internal
