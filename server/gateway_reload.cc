// What an operator changes of a running gateway: its config file, and what the admin listener takes.

#include <chrono>
#include <utility>

#include "server/base/json_text.h"
#include "server/config/waiting.h"
#include "server/gateway_parts.h"

namespace portolan {

void Gateway::Parts::KeepConfig(const Settings& settings, SettingsLoader load) {
  keeper = std::make_unique<ConfigKeeper>(admin_loop, *logger, settings, std::move(load),
                                          [this](const Settings& changed) { return Apply(changed); });
  keeper->Watch();
}

// On the admin loop's thread.
absl::Status Gateway::Parts::Apply(const Settings& settings) {
  auto snapshot = BuildSnapshot(settings, environment_keys, catalog);
  if (!snapshot.ok()) return snapshot.status();
  // When the log says that it is in use, it must be.
  for (const auto& shard : shards) {
    shard->Call([&] { shard->service->Use(*snapshot); });
  }
  if (settings.options.log_level != settings_level) log_threshold.Set(settings.options.log_level);
  settings_level = settings.options.log_level;
  TellWhatWaits(settings.options);
  TellOfQuotedKeys(*settings.file);
  return absl::OkStatus();
}

void Gateway::Parts::TellWhatWaits(const config::ServeOptions& now) const {
  std::string names;
  for (const std::string_view path : config::SettingsThatWait(options, now)) {
    names.append(names.empty() ? "" : ", ").append(path);
  }
  if (!names.empty()) logger->Warn("changed settings take effect at the next start", {{"settings", names}});
}

// Read where they are rendered, on the admin loop's thread.
void Gateway::Parts::AddConfigMetrics() {
  if (keeper == nullptr) return;
  const ConfigKeeper::Status& status = keeper->status();
  metrics->AddValue("portolan_config_generation", "How often the config file was put to use.", "gauge",
                    [&status] { return static_cast<double>(status.generation); });
  metrics->AddValue(
      "portolan_config_age_seconds", "Since the config file was last put to use.", "gauge", [&status] {
        return std::chrono::duration<double>(std::chrono::system_clock::now() - status.loaded).count();
      });
  metrics->AddValue("portolan_config_refused_total", "Changed config files that were no good.", "counter",
                    [&status] { return static_cast<double>(status.refused); });
  metrics->AddText("portolan_config_info", "The config file in use, by its SHA-256.", "hash",
                   [&status] { return status.hash; });
}

std::string Gateway::Parts::ConfigStatus() const {
  if (keeper == nullptr) return R"({"file":null})";
  const ConfigKeeper::Status& status = keeper->status();
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - status.loaded);
  std::string json = "{\"file\":";
  AppendJsonString(status.path, &json);
  json += ",\"hash\":";
  AppendJsonString(status.hash, &json);
  json += ",\"generation\":" + std::to_string(status.generation);
  json += ",\"age_seconds\":" + std::to_string(seconds.count());
  json += ",\"refused\":" + std::to_string(status.refused);
  json += ",\"problem\":";
  if (status.refusal.empty()) {
    json += "null";
  } else {
    AppendJsonString(status.refusal, &json);
  }
  return json + "}";
}

net::Task<std::optional<std::string>> Gateway::Parts::ReloadConfig(net::Wait wait) {
  if (keeper == nullptr) co_return "the gateway was started without a config file";
  const absl::Status status = co_await keeper->Reload(wait);
  if (status.ok()) co_return std::nullopt;
  co_return std::string(status.message());
}

void Gateway::Parts::BeginDrain() {
  ready = false;
  {
    const std::lock_guard lock(rpc_mutex);
    if (rpc != nullptr) rpc->SetServing(false);
  }
  // When this returns, every answer must say `Connection: close`.
  for (const auto& shard : shards) shard->Call([&] { shard->server->Drain(); });
  logger->Info("draining", {{"asked", "by the admin listener"}});
}

}  // namespace portolan
