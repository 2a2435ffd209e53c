#include "server/middleware/grpc/connection.h"

#include <grpc/grpc.h>
#include <grpc/support/time.h>
#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "server/base/text.h"

namespace portolan::middleware {
namespace {

using namespace std::chrono_literals;

// Room beside a body for what is told of the call: headers, metadata, notes.
constexpr size_t kRoom = 1 << 20;

// Of all policies round_robin alone watches health. A server without the health service counts as healthy.
// https://github.com/grpc/proposal/blob/master/A17-client-side-health-checking.md
constexpr char kServiceConfig[] =
    R"({"loadBalancingConfig": [{"round_robin": {}}],
        "healthCheckConfig": {"serviceName": "portolan.middleware.v1.Middleware"}})";

// A service that came back is found soon: it is asked about every call.
constexpr std::chrono::milliseconds kFirstReconnect = 200ms;
constexpr std::chrono::milliseconds kSlowestReconnect = 2s;
constexpr std::chrono::milliseconds kConnectTime = 5s;
// A peer that is gone without a word. More often servers would take for abuse.
constexpr std::chrono::milliseconds kKeepalive = 60s;
constexpr std::chrono::milliseconds kKeepaliveTimeout = 10s;

int ToInt(size_t bytes) { return static_cast<int>(std::min<size_t>(bytes, INT_MAX)); }

grpc::ChannelArguments Arguments(const Settings& settings) {
  grpc::ChannelArguments arguments;
  const auto set = [&](const char* name, std::chrono::milliseconds time) {
    arguments.SetInt(name, static_cast<int>(time.count()));
  };
  arguments.SetServiceConfigJSON(kServiceConfig);
  // Neither what DNS says nor a proxy of the environment has a part in who sees the calls.
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetUserAgentPrefix("portolan/" PORTOLAN_VERSION);
  // An answer may go with what was asked.
  arguments.SetMaxSendMessageSize(ToInt(2 * settings.max_body + kRoom));
  arguments.SetMaxReceiveMessageSize(ToInt(settings.max_body + kRoom));
  set(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnect);
  set(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kSlowestReconnect);
  set(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTime);
  set(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepalive);
  set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeout);
  return arguments;
}

std::shared_ptr<grpc::Channel> NewChannel(const Settings& settings, const std::string& pem_roots) {
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  if (settings.tls) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = pem_roots;
    credentials = grpc::SslCredentials(options);
  } else {
    credentials = grpc::InsecureChannelCredentials();
  }
  // With its scheme, as a host may be called like one.
  return grpc::CreateCustomChannel("dns:///" + settings.grpc, credentials, Arguments(settings));
}

bool IsNameByte(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.'; }
bool IsValueByte(char c) { return c == ' ' || IsVisible(c); }

// gRPC ends the process where it is handed metadata that it cannot send.
std::string ProblemOf(const Settings& settings) {
  for (const auto& [name, value] : settings.secret_headers) {
    const bool named = !name.empty() && std::ranges::all_of(name, IsNameByte);
    if (!named || name.ends_with("-bin") || name.starts_with("grpc-")) {
      return "secret_headers: " + name + " is no name that gRPC metadata may have";
    }
    if (!std::ranges::all_of(value.Reveal(), IsValueByte)) {
      return "secret_headers: the value of " + name + " has bytes that gRPC metadata may not have";
    }
  }
  return {};
}

Settings WithLowerNames(Settings settings) {
  for (auto& [name, value] : settings.secret_headers) name = LowerCase(name);
  return settings;
}

}  // namespace

Connection::Connection(Settings settings, net::Loop& loop, GrpcThread& thread, const std::string& pem_roots)
    : settings_(WithLowerNames(std::move(settings))),
      loop_(loop),
      thread_(thread),
      problem_(ProblemOf(settings_)),
      stub_(NewChannel(settings_, pem_roots)) {}

void Connection::Prepare(grpc::ClientContext* context, net::TimePoint deadline) const {
  if (deadline != net::kNever) {
    const std::chrono::nanoseconds left = deadline - net::Clock::now();
    context->set_deadline(
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(left.count(), GPR_TIMESPAN)));
  }
  if (!problem_.empty()) return;
  for (const auto& [name, value] : settings_.secret_headers) {
    context->AddMetadata(name, std::string(value.Reveal()));
  }
}

std::string CodeOf(const grpc::Status& status) {
  // Both have gRPC's numbers.
  const std::string name = absl::StatusCodeToString(static_cast<absl::StatusCode>(status.error_code()));
  return name.empty() ? "UNKNOWN" : name;
}

std::string CodeOf(net::WaitResult result) {
  switch (result) {
    case net::WaitResult::kTimeout:
      return "DEADLINE_EXCEEDED";
    case net::WaitResult::kCancelled:
      return "CANCELLED";
    case net::WaitResult::kReady:
      break;
  }
  return {};
}

}  // namespace portolan::middleware
