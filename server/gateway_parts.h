#pragma once

// What a gateway is made of. For gateway.cc, which puts it together and takes it down, gateway_reload.cc,
// which changes it while it runs, and gateway_warnings.cc.

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "server/base/byte_budget.h"
#include "server/config/machine.h"
#include "server/config_keeper.h"
#include "server/core/gateway_service.h"
#include "server/core/operations.h"
#include "server/gateway.h"
#include "server/http/server.h"
#include "server/middleware_factory.h"
#include "server/net/loop.h"
#include "server/net/tls.h"
#include "server/rest/admin.h"
#include "server/rest/rest_front.h"
#include "server/rpc/rpc_server.h"
#include "server/shard.h"
#include "server/snapshot_builder.h"
#include "server/telemetry/logger.h"
#include "server/tls_keeper.h"
#include "server/transcode/router.h"

namespace portolan {

struct Gateway::Parts final : rest::AdminControl {
  Parts(const Settings& settings, const providers::Catalog& providers_catalog)
      : catalog(providers_catalog),
        options(settings.options),
        middleware_parts(settings.options.upstream_ca),
        log_threshold(options.log_level),
        held_bodies(options.max_held != 0 ? options.max_held : config::UsableMemory() / 2),
        settings_level(options.log_level) {}

  providers::Catalog catalog;          // with what the environment says of options
  const config::ServeOptions options;  // as at the start
  MiddlewareParts middleware_parts;
  telemetry::LogThreshold log_threshold;
  ByteBudget held_bodies;  // what the bodies of all calls hold together
  EnvironmentProviderKeys environment_keys;
  std::unique_ptr<core::Operations> operations;
  std::unique_ptr<transcode::Router> router;
  core::ServiceConfig service_config;
  rest::RestConfig rest_config;
  std::atomic<bool> ready{false};

  const std::shared_ptr<net::TrustStore> trust = net::TrustStore::New();
  std::unique_ptr<telemetry::LogWriter> log_writer;
  std::unique_ptr<telemetry::Logger> logger;
  std::unique_ptr<telemetry::Metrics> metrics;

  std::vector<std::unique_ptr<Shard>> shards;
  std::mutex rpc_mutex;                 // the admin loop gives `rpc` new certificates
  std::unique_ptr<rpc::RpcServer> rpc;  // set and reset with rpc_mutex held

  net::Loop admin_loop;
  std::unique_ptr<TlsKeeper> tls;  // null: the doors are without TLS
  std::unique_ptr<rest::AdminFront> admin_front;
  std::unique_ptr<http::Server> admin_server;
  std::thread admin_thread;
  std::unique_ptr<ConfigKeeper> keeper;  // null: there is no config file
  // As the settings last had it; an operator may have set another level since.
  telemetry::LogLevel settings_level;

  std::string http_address;
  std::string grpc_address;
  std::string admin_address;
  bool stopped = false;

  absl::Status ReadTls();
  void WatchTls();
  absl::Status ReadKeys(const config::Environment& environment);
  void StartTelemetry(size_t threads);
  absl::Status BuildShared();
  absl::Status BuildShard(size_t number, const std::shared_ptr<const core::Snapshot>& snapshot);
  void KeepConfig(const Settings& settings, SettingsLoader load);
  absl::Status Apply(const Settings& settings);
  void TellWhatWaits(const config::ServeOptions& now) const;
  void TellOfStrayVariables(const Settings& settings, const config::Environment& environment) const;
  void TellOfQuotedKeys(const config::Environment& environment) const;
  void TellOfQuotedKeys(const config::FileSettings& file) const;
  // Takes as many descriptors as the system allows, and tells of few.
  void RaiseDescriptors() const;
  void AddConfigMetrics();
  absl::Status Listen();
  void Launch();
  absl::Status StartRpc();
  void Stop(std::chrono::milliseconds delay, std::chrono::milliseconds grace);
  size_t OpenConnections();

  // rest::AdminControl, on the admin loop's thread.
  std::string ConfigStatus() const override;
  net::Task<std::optional<std::string>> ReloadConfig(net::Wait wait) override;
  void BeginDrain() override;
};

}  // namespace portolan
