#include "server/local_gateway.h"

#include <cstdint>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/config/flags.h"
#include "server/gateway.h"
#include "server/settings.h"

namespace portolan {
namespace {

Secret RandomKey() {
  std::random_device device;
  std::string text = "local-";
  for (int i = 0; i < 8; ++i) absl::StrAppend(&text, absl::Hex(uint32_t{device()}, absl::kZeroPad8));
  return Secret(std::move(text));
}

class Local final : public cli::LocalGateway {
 public:
  Local(std::unique_ptr<Gateway> gateway, Secret key) : gateway_(std::move(gateway)), key_(std::move(key)) {}
  std::string url() const override { return "http://" + gateway_->http_address(); }
  const Secret& key() const override { return key_; }

 private:
  const std::unique_ptr<Gateway> gateway_;
  const Secret key_;
};

absl::StatusOr<Settings> Load(const std::string& config_file, const config::Environment& environment,
                              const Secret& key) {
  const std::string flag = "--config=" + config_file;
  std::vector<std::string_view> flags;
  if (!config_file.empty()) flags.push_back(flag);
  auto given = config::ParseServeFlags(flags, environment);
  if (!given.ok()) return given.status();
  auto settings = LoadSettings(*given, flags, environment);
  if (!settings.ok()) return settings.status();

  config::ServeOptions& options = settings->options;
  for (std::string* address : {&options.http, &options.grpc, &options.admin}) *address = "127.0.0.1:0";
  for (std::string* file : {&options.tls_cert, &options.tls_key, &options.tls_client_ca}) file->clear();
  options.threads = 1;
  options.log_level = telemetry::LogLevel::kError;
  options.caller_keys = {key};
  options.admin_key = key;
  if (settings->file) settings->file->callers.clear();
  return settings;
}

}  // namespace

absl::StatusOr<std::unique_ptr<cli::LocalGateway>> StartLocalGateway(const std::string& config_file,
                                                                     const config::Environment& environment) {
  const Secret key = RandomKey();
  const SettingsLoader load = [config_file, environment, key] { return Load(config_file, environment, key); };
  const auto settings = load();
  if (!settings.ok()) return settings.status();
  auto gateway = Gateway::Start(*settings, environment, load);
  if (!gateway.ok()) return gateway.status();
  return std::make_unique<Local>(*std::move(gateway), key);
}

}  // namespace portolan
