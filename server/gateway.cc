#include "server/gateway.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <pthread.h>

#include <array>
#include <future>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "providers/registry.h"
#include "server/base/text.h"
#include "server/base/text_file.h"
#include "server/config/exposure.h"
#include "server/config/machine.h"
#include "server/gateway_parts.h"
#include "server/middleware_factory.h"
#include "server/net/address.h"
#include "server/net/listener.h"
#include "server/upstream/address_policy.h"

namespace portolan {
namespace {

using google::protobuf::ServiceDescriptor;

std::vector<const ServiceDescriptor*> Services(const core::Operations& operations) {
  std::vector<const ServiceDescriptor*> services;
  for (const auto& spec : operations.all()) {
    if (spec->unary == nullptr) continue;
    const ServiceDescriptor* service = spec->unary->service();
    if (services.empty() || services.back() != service) services.push_back(service);
  }
  return services;
}

int64_t UnixSeconds() {
  using std::chrono::system_clock;
  return std::chrono::duration_cast<std::chrono::seconds>(system_clock::now().time_since_epoch()).count();
}

// The key in the file that `variable`, without its `@`, names.
absl::StatusOr<std::vector<config::EnvironmentKey>> ReadKeyFile(std::string_view variable,
                                                                const providers::Auth& auth,
                                                                const config::Environment& environment) {
  constexpr size_t kMaxKeyFile = 64 << 10;
  std::vector<config::EnvironmentKey> keys;
  const std::string name(variable.substr(0, variable.size() - 1));
  const std::optional<std::string> path = config::ReadVariable(environment, name);
  if (!path) return keys;
  const auto wrong = [&](const std::string& problem) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": the file ", *path, ": ", problem));
  };
  std::string content;
  std::string problem;
  if (!ReadTextFile(*path, kMaxKeyFile, &content, &problem)) return wrong(problem);
  absl::StatusOr<Secret> key = config::CheckSecret(name, TrimSpace(content));
  if (!key.ok()) return key.status();
  problem = auth.ProblemOf(key->Reveal());
  if (!problem.empty()) return wrong(problem);
  keys.push_back({name, *std::move(key)});
  return keys;
}

// An error of a listener, with the flag that says where it is.
absl::Status Told(absl::string_view flag, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(flag, ": ", status.message()));
}

}  // namespace

absl::Status Gateway::Parts::ReadKeys(const config::Environment& environment) {
  for (providers::Provider& provider : catalog.providers) {
    for (providers::ProviderOption& option : provider.options) {
      if (option.variable.empty()) continue;
      if (auto value = config::ReadVariable(environment, option.variable))
        option.fallback = *std::move(value);
    }
    for (const std::string& variable : provider.key_variables) {
      auto keys = variable.ends_with('@')
                      ? ReadKeyFile(variable, *provider.auth, environment)
                      : config::ReadEnvironmentKeys(std::array{std::string_view(variable)}, environment);
      if (!keys.ok()) return keys.status();
      if (keys->empty()) continue;
      environment_keys.emplace(provider.name,
                               EnvironmentProviderKey{keys->front().variable, std::move(keys->front().key)});
      break;
    }
  }
  return absl::OkStatus();
}

absl::Status Gateway::Parts::ReadTls() {
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key go together: one of them is missing");
  }
  if (options.tls_cert.empty()) {
    if (options.tls_client_ca.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError("--tls-client-ca needs --tls-cert and --tls-key");
  }
  const bool asks = !options.tls_client_ca.empty();
  auto identity_keeper = TlsKeeper::Start(
      admin_loop, *logger,
      {options.tls_cert, options.tls_key, options.tls_client_ca, asks && options.tls_client_required});
  if (!identity_keeper.ok()) return identity_keeper.status();
  tls = *std::move(identity_keeper);
  return absl::OkStatus();
}

void Gateway::Parts::WatchTls() {
  if (tls == nullptr) return;
  tls->Watch([this](const net::TlsIdentity& identity, const std::shared_ptr<net::TlsContext>& context) {
    for (const auto& shard : shards) {
      shard->loop.Post([server = shard->server.get(), context] { server->ReplaceTls(context); });
    }
    const std::lock_guard lock(rpc_mutex);
    if (rpc != nullptr) rpc->ReplaceTls(identity);
  });
}

void Gateway::Parts::StartTelemetry(size_t threads) {
  log_writer = std::make_unique<telemetry::LogWriter>(telemetry::LogWriter::Options{.shards = threads});
  logger = std::make_unique<telemetry::Logger>(*log_writer, log_threshold);
  metrics = std::make_unique<telemetry::Metrics>(telemetry::Metrics::Options{.shards = threads});
  metrics->AddValue("portolan_log_lines_dropped_total", "Log lines that found no room and were dropped.",
                    "counter",
                    [writer = log_writer.get()] { return static_cast<double>(writer->dropped()); });
  metrics->AddValue("portolan_held_bytes", "What bodies of calls hold together, those above 64 KB.", "gauge",
                    [this] { return static_cast<double>(held_bodies.held()); });
  metrics->AddValue("portolan_held_bytes_max", "What they may hold.", "gauge",
                    [this] { return static_cast<double>(held_bodies.limit()); });
}

absl::Status Gateway::Parts::BuildShared() {
  auto built = core::Operations::Build(catalog.dialects);
  if (!built.ok()) return built.status();
  operations = *std::move(built);
  auto routes = transcode::Router::Build(Services(*operations));
  if (!routes.ok()) return routes.status();
  router = *std::move(routes);
  service_config.operations = operations.get();
  service_config.longest_hold = options.stream_hold;
  service_config.heartbeat = options.heartbeat;
  // What never finds room is too large.
  const size_t max_body = std::min(options.max_body, held_bodies.limit());
  service_config.max_body_bytes = max_body;
  service_config.max_relay_body_bytes = options.max_relay_body;
  service_config.held = &held_bodies;
  service_config.splice = !options.no_splice;

  rest_config.router = router.get();
  rest_config.operations = operations.get();
  rest_config.browser.cors_origins = options.cors_origins;
  rest_config.browser.allowed_hosts = options.allowed_hosts;
  rest_config.browser.on_loopback = config::IsLoopbackAddress(options.http);
  rest_config.ready = &ready;
  return absl::OkStatus();
}

absl::Status Gateway::Parts::BuildShard(size_t number,
                                        const std::shared_ptr<const core::Snapshot>& snapshot) {
  auto shard = std::make_unique<Shard>();
  upstream::ClientOptions client_options;
  client_options.trust = trust;
  client_options.https_proxy = options.https_proxy;
  client_options.http_proxy = options.http_proxy;
  client_options.https_proxy_variable = options.https_proxy_variable;
  client_options.http_proxy_variable = options.http_proxy_variable;
  client_options.no_proxy = options.no_proxy;
  const bool on_loopback = config::IsLoopbackAddress(options.http) && config::IsLoopbackAddress(options.grpc);
  client_options.allow_address = upstream::MakeAddressPolicy(on_loopback, options.allow_upstream);
  auto client = upstream::NewClient(shard->loop, std::move(client_options));
  if (!client.ok()) return client.status();
  shard->client = *std::move(client);
  shard->telemetry = std::make_unique<CallTelemetry>(
      metrics->shard(number), telemetry::AccessLog(log_writer->ring(number), log_threshold));

  core::ServiceShard service_shard;
  service_shard.loop = &shard->loop;
  service_shard.client = shard->client.get();
  service_shard.observer = shard->telemetry.get();
  service_shard.unix_seconds = UnixSeconds;
  service_shard.random = [engine = std::mt19937_64(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(engine);
  };
  service_shard.trace_id = [ids = &shard->ids](std::span<const HeaderView> headers) {
    return telemetry::ChooseTraceId(headers, *ids);
  };
  service_shard.new_middleware = NewMiddlewareFactory(shard->loop, *shard->client, middleware_parts);
  shard->service = core::NewGatewayService(service_config, std::move(service_shard), snapshot);
  shard->front =
      std::make_unique<rest::RestFront>(rest_config, *shard->service, *shard->telemetry, shard->loop);
  http::ServerOptions server_options;
  server_options.max_body_bytes = service_config.max_body_bytes;
  server_options.held = &held_bodies;
  server_options.keep_alive_timeout = options.keep_alive;
  shard->server = std::make_unique<http::Server>(shard->loop, *shard->front, server_options);
  shards.push_back(std::move(shard));
  return absl::OkStatus();
}

absl::Status Gateway::Parts::Listen() {
  auto address = net::ParseAddress(options.http);
  if (!address.ok()) return address.status();
  if (absl::Status status = net::CheckFree(*address); !status.ok()) return Told("--http", status);
  for (const auto& shard : shards) {
    auto listener = net::Listener::Open(shard->loop, *address, /*reuse_port=*/shards.size() > 1);
    if (!listener.ok()) return Told("--http", listener.status());
    // Port 0: the first listener's port serves them all.
    *address = (*listener)->address();
    http_address = address->ToString();
    shard->server->Listen(*std::move(listener), tls == nullptr ? nullptr : tls->context());
  }
  auto admin = net::ParseAddress(options.admin);
  if (!admin.ok()) return admin.status();
  auto listener = net::Listener::Open(admin_loop, *admin, /*reuse_port=*/false);
  if (!listener.ok()) return Told("--admin", listener.status());
  admin_address = (*listener)->address().ToString();
  const rest::AdminFront::Parts admin_parts{*metrics, ready, log_threshold, *this};
  rest::BrowserPolicy browser;
  browser.on_loopback = config::IsLoopbackAddress(options.admin);
  browser.allowed_hosts = options.allowed_hosts;
  admin_front = std::make_unique<rest::AdminFront>(admin_parts, options.admin_key, std::move(browser));
  admin_server = std::make_unique<http::Server>(admin_loop, *admin_front, http::ServerOptions());
  admin_server->Listen(*std::move(listener));
  return absl::OkStatus();
}

void Gateway::Parts::Launch() {
  for (const auto& shard : shards) shard->Run();
  admin_thread = std::thread([this] {
    pthread_setname_np(pthread_self(), "admin");
    admin_loop.Run();
  });
}

absl::Status Gateway::Parts::StartRpc() {
  std::vector<rpc::Shard> targets;
  targets.reserve(shards.size());
  for (const auto& shard : shards) targets.push_back({&shard->loop, shard->service.get()});
  rpc::RpcOptions rpc_options;
  rpc_options.address = options.grpc;
  // The library counts for itself what is arriving.
  rpc_options.max_arriving_bytes = std::min<uint64_t>(rpc_options.max_arriving_bytes, held_bodies.limit());
  rpc_options.max_connection_age = options.grpc_max_connection_age;
  rpc_options.max_connection_age_grace = options.grpc_max_connection_age_grace;
  if (tls != nullptr) rpc_options.tls = tls->identity();
  auto server = rpc::RpcServer::Start(rpc_options, targets, operations->all());
  if (!server.ok()) return Told("--grpc", server.status());
  const std::lock_guard lock(rpc_mutex);
  rpc = *std::move(server);
  grpc_address = options.grpc.substr(0, options.grpc.rfind(':') + 1) + std::to_string(rpc->port());
  return absl::OkStatus();
}

size_t Gateway::Parts::OpenConnections() {
  size_t open = 0;
  for (const auto& shard : shards) {
    shard->Call([&] { open += shard->server->open_connections(); });
  }
  return open;
}

void Gateway::Parts::Stop(std::chrono::milliseconds delay, std::chrono::milliseconds grace) {
  if (std::exchange(stopped, true)) return;
  constexpr std::chrono::milliseconds kPoll{20};
  ready = false;
  if (rpc != nullptr) rpc->SetServing(false);
  for (const auto& shard : shards) shard->Call([&] { shard->server->Drain(); });
  std::this_thread::sleep_for(delay);

  const net::TimePoint deadline = net::Clock::now() + grace;
  for (const auto& shard : shards) {
    shard->Call([&] {
      shard->server->StopAccepting();
      shard->server->CloseIdle();
    });
  }
  std::thread rpc_stop;
  if (rpc != nullptr) rpc_stop = std::thread([this, deadline] { rpc->Shutdown(deadline); });
  while (OpenConnections() > 0 && net::Clock::now() < deadline) std::this_thread::sleep_for(kPoll);
  for (const auto& shard : shards) shard->Call([&] { shard->server->Shutdown(); });
  if (rpc_stop.joinable()) rpc_stop.join();
  {
    const std::lock_guard lock(rpc_mutex);
    rpc.reset();
  }

  // First those that wait for shards.
  if (admin_thread.joinable()) {
    admin_loop.Stop();
    admin_thread.join();
  }
  for (const auto& shard : shards) {
    shard->loop.Stop();
    shard->thread.join();
  }
  log_writer->Flush();
}

Gateway::Gateway() = default;

Gateway::~Gateway() {
  if (parts_ != nullptr && parts_->admin_thread.joinable()) {
    parts_->Stop(std::chrono::milliseconds(0), std::chrono::milliseconds(0));
  }
}

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Start(const config::ServeOptions& options,
                                                        const config::Environment& environment,
                                                        const providers::Catalog& catalog) {
  return Start(Settings{.options = options}, environment, nullptr, catalog);
}

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Start(const Settings& settings,
                                                        const config::Environment& environment,
                                                        SettingsLoader load) {
  return Start(settings, environment, std::move(load), providers::BuiltInCatalog());
}

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Start(const Settings& settings,
                                                        const config::Environment& environment,
                                                        SettingsLoader load,
                                                        const providers::Catalog& catalog) {
  rpc::PrepareLibrary();
  auto gateway = std::unique_ptr<Gateway>(new Gateway);
  gateway->parts_ = std::make_unique<Parts>(settings, catalog);
  Parts& parts = *gateway->parts_;
  const config::ServeOptions& options = parts.options;
  // Meanwhile: it takes about as long as all the rest.
  std::future<absl::Status> trust =
      std::async(std::launch::async, [&parts] { return parts.trust->Read(parts.options.upstream_ca); });
  if (absl::Status status = parts.ReadKeys(environment); !status.ok()) return status;
  const auto snapshot = BuildSnapshot(settings, parts.environment_keys, parts.catalog);
  if (!snapshot.ok()) return snapshot.status();
  if (absl::Status status = parts.BuildShared(); !status.ok()) return status;

  const auto threads = static_cast<size_t>(options.threads > 0 ? options.threads : config::UsableCores());
  parts.StartTelemetry(threads);
  parts.RaiseDescriptors();
  parts.TellOfStrayVariables(settings, environment);
  parts.TellOfQuotedKeys(environment);
  if (settings.file) parts.TellOfQuotedKeys(*settings.file);
  for (size_t i = 0; i < threads; ++i) {
    if (absl::Status status = parts.BuildShard(i, *snapshot); !status.ok()) return status;
  }
  if (absl::Status status = parts.ReadTls(); !status.ok()) return status;
  if (absl::Status status = parts.Listen(); !status.ok()) return status;
  parts.WatchTls();
  if (settings.file) parts.KeepConfig(settings, std::move(load));
  parts.AddConfigMetrics();
  if (absl::Status status = trust.get(); !status.ok()) return status;
  parts.Launch();
  if (absl::Status status = parts.StartRpc(); !status.ok()) return status;
  parts.ready = true;
  parts.logger->Info("serving", {{"version", PORTOLAN_VERSION},
                                 {"http", parts.http_address},
                                 {"grpc", parts.grpc_address},
                                 {"admin", parts.admin_address},
                                 {"threads", threads}});
  return gateway;
}

std::string Gateway::http_address() const { return parts_->http_address; }
std::string Gateway::grpc_address() const { return parts_->grpc_address; }
std::string Gateway::admin_address() const { return parts_->admin_address; }

void Gateway::Reload() {
  parts_->admin_loop.Post([parts = parts_.get()] {
    if (parts->tls != nullptr) parts->tls->Check();
    if (parts->keeper != nullptr) parts->keeper->BeginReload();
  });
}

void Gateway::Drain() {
  parts_->logger->Info("draining");
  parts_->Stop(parts_->options.drain_delay, parts_->options.grace);
  parts_->logger->Info("stopped");
  parts_->log_writer->Flush();
}

}  // namespace portolan
