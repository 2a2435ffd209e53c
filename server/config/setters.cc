#include "server/config/setters.h"

#include <cstdint>
#include <utility>

#include "server/config/flags.h"

namespace portolan::config {

bool Threads(Text value, ServeOptions* options, std::string* problem) {
  return ParseInteger(value, 1, 1024, &options->threads, problem);
}

bool MaxBody(Text value, ServeOptions* options, std::string* problem) {
  uint64_t bytes;
  if (!ParseSize(value, &bytes, problem)) return false;
  if (bytes < 1024 || bytes > (uint64_t{1} << 30)) {
    *problem = "it must be from 1KB to 1GB";
    return false;
  }
  options->max_body = bytes;
  return true;
}

bool MaxRelayBody(Text value, ServeOptions* options, std::string* problem) {
  return ParseSize(value, &options->max_relay_body, problem);
}

bool MaxHeld(Text value, ServeOptions* options, std::string* problem) {
  uint64_t bytes;
  if (!ParseSize(value, &bytes, problem)) return false;
  if (bytes < (uint64_t{1} << 20)) {
    *problem = "it must be at least 1MB";
    return false;
  }
  options->max_held = bytes;
  return true;
}

bool Level(Text value, ServeOptions* options, std::string* problem) {
  const auto level = telemetry::ParseLogLevel(value);
  if (!level) {
    *problem = "it must be error, warn, info or debug";
    return false;
  }
  options->log_level = *level;
  return true;
}

bool CallerKey(Text value, ServeOptions* options, std::string* problem) {
  absl::StatusOr<Secret> key = CheckSecret("", value);
  if (!key.ok()) {
    *problem = "a key has 1 to 8192 visible ASCII characters and no blanks in it";
    return false;
  }
  options->caller_keys.push_back(*std::move(key));
  return true;
}

bool AdminKey(Text value, ServeOptions* options, std::string* problem) {
  absl::StatusOr<Secret> key = CheckSecret("", value);
  if (!key.ok()) {
    *problem = "a key has 1 to 8192 visible ASCII characters and no blanks in it";
    return false;
  }
  options->admin_key = *std::move(key);
  return true;
}

bool CorsOrigin(Text value, ServeOptions* options, std::string* problem) {
  std::string origin;
  if (!ParseOrigin(value, &origin, problem)) return false;
  options->cors_origins.push_back(std::move(origin));
  return true;
}

bool AllowedHost(Text value, ServeOptions* options, std::string* problem) {
  std::string host;
  if (!ParseHost(value, &host, problem)) {
    *problem = "it must be a host name or address without a port, as in gateway.example";
    return false;
  }
  options->allowed_hosts.push_back(std::move(host));
  return true;
}

bool AllowUpstream(Text value, ServeOptions* options, std::string* problem) {
  std::optional<AddressRule> rule = AddressRule::Parse(value, problem);
  if (!rule) return false;
  options->allow_upstream.push_back(*std::move(rule));
  return true;
}

bool TlsClientAuth(Text value, ServeOptions* options, std::string* problem) {
  if (value != "required" && value != "optional") {
    *problem = "it must be required or optional";
    return false;
  }
  options->tls_client_required = value == "required";
  return true;
}

bool UsageStreams(Text value, ServeOptions* options, std::string* problem) {
  if (value != "always" && value != "asked") {
    *problem = "it must be always or asked";
    return false;
  }
  options->count_streams = value == "always";
  return true;
}

bool DefaultProvider(Text value, ServeOptions* options, std::string* problem) {
  if (value.empty() || value.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") != Text::npos) {
    *problem = "it must be a provider's name, as in openai";
    return false;
  }
  options->default_provider = std::string(value);
  return true;
}

}  // namespace portolan::config
