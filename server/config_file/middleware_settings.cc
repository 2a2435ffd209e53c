#include "server/config_file/middleware_settings.h"

#include <utility>

#include "server/base/text.h"
#include "server/config/values.h"

namespace portolan::config {
namespace {

constexpr std::chrono::milliseconds kWebhookTimeout{3'000};

}  // namespace

middleware::Settings MiddlewareSettings(std::string name, const v1::MiddlewareConfig& config) {
  middleware::Settings settings;
  settings.name = std::move(name);
  settings.grpc = config.grpc();
  settings.webhook = config.webhook();
  settings.built_in = config.built_in();
  settings.tls = config.tls();
  if (!config.hooks().empty()) {
    settings.hooks.emplace();
    for (const std::string& hook : config.hooks()) {
      if (const auto known = middleware::HookOf(hook)) settings.hooks->Add(*known);
    }
  }
  std::string ignored;  // the values are known to be right
  if (config.has_webhook()) settings.timeout = kWebhookTimeout;
  if (config.has_timeout()) (void)ParseDuration(config.timeout(), &settings.timeout, &ignored);
  uint64_t max_body = settings.max_body;
  if (config.has_max_body()) (void)ParseSize(config.max_body(), &max_body, &ignored);
  settings.max_body = max_body;
  settings.async = config.async();
  settings.pass_on_error = config.on_error() == "pass" || config.async();
  if (config.has_read_only()) settings.read_only = config.read_only();
  for (const std::string& header : config.headers()) settings.headers.push_back(LowerCase(header));
  return settings;
}

}  // namespace portolan::config
