// The table of settings. docs/configuration.md tells the same at more length; a test compares the two.

#include <array>
#include <chrono>

#include "server/base/host.h"
#include "server/config/flags.h"
#include "server/config/values.h"

namespace portolan::config {
namespace {

using Text = std::string_view;
using std::chrono::milliseconds;

template <std::string ServeOptions::* kMember>
bool Address(Text value, ServeOptions* options, std::string* problem) {
  ListenAddress ignored;
  if (!ParseListenAddress(value, &ignored, problem)) return false;
  options->*kMember = std::string(value);
  return true;
}

template <std::string ServeOptions::* kMember>
bool String(Text value, ServeOptions* options, std::string* problem) {
  if (value.empty()) {
    *problem = "it must not be empty";
    return false;
  }
  options->*kMember = std::string(value);
  return true;
}

template <bool ServeOptions::* kMember>
bool Switch(Text value, ServeOptions* options, std::string* problem) {
  return ParseBool(value, &(options->*kMember), problem);
}

template <milliseconds ServeOptions::* kMember, bool kZero>
bool Duration(Text value, ServeOptions* options, std::string* problem) {
  milliseconds parsed;
  if (!ParseDuration(value, &parsed, problem)) return false;
  if (!kZero && parsed == milliseconds::zero()) {
    *problem = "it must be longer than nothing";
    return false;
  }
  options->*kMember = parsed;
  return true;
}

template <auto kMember>
void Clear(ServeOptions* options) {
  (options->*kMember).clear();
}

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

constexpr Setting kSettings[] = {
    {.flag = "--config",
     .variable = "PORTOLAN_CONFIG",
     .value_name = "FILE",
     .help = "a config file, YAML or JSON; what flags and variables say counts more",
     .apply = String<&ServeOptions::config_file>},
    {.flag = "--http",
     .variable = "PORTOLAN_HTTP",
     .path = "listen.http",
     .value_name = "ADDR",
     .default_text = "127.0.0.1:8787",
     .help = "where to listen for REST calls; :8787 means all addresses",
     .apply = Address<&ServeOptions::http>},
    {.flag = "--grpc",
     .variable = "PORTOLAN_GRPC",
     .path = "listen.grpc",
     .value_name = "ADDR",
     .default_text = "127.0.0.1:50051",
     .help = "where to listen for gRPC calls",
     .apply = Address<&ServeOptions::grpc>},
    {.flag = "--admin",
     .variable = "PORTOLAN_ADMIN",
     .path = "listen.admin",
     .value_name = "ADDR",
     .default_text = "127.0.0.1:8788",
     .help = "where to listen for /metrics, /healthz, /readyz and administration",
     .apply = Address<&ServeOptions::admin>},
    {.flag = "--threads",
     .variable = "PORTOLAN_THREADS",
     .path = "listen.threads",
     .value_name = "N",
     .default_text = "one a core",
     .help = "how many shards serve calls",
     .apply = Threads},
    {.flag = "--keep-alive",
     .variable = "PORTOLAN_KEEP_ALIVE",
     .path = "listen.keep_alive",
     .value_name = "TIME",
     .default_text = "75s",
     .help = "how long an HTTP connection may be idle between two calls before it is closed",
     .apply = Duration<&ServeOptions::keep_alive, false>},
    {.flag = "--grpc-max-connection-age",
     .variable = "PORTOLAN_GRPC_MAX_CONNECTION_AGE",
     .path = "listen.grpc_max_connection_age",
     .value_name = "TIME",
     .default_text = "0s",
     .help = "after how long gRPC callers are asked to connect anew, so that they spread over new replicas; "
             "0s: never",
     .apply = Duration<&ServeOptions::grpc_max_connection_age, true>},
    {.flag = "--grpc-max-connection-age-grace",
     .variable = "PORTOLAN_GRPC_MAX_CONNECTION_AGE_GRACE",
     .path = "listen.grpc_max_connection_age_grace",
     .value_name = "TIME",
     .default_text = "1h",
     .help = "how long calls under way on such a connection may then take to finish",
     .apply = Duration<&ServeOptions::grpc_max_connection_age_grace, true>},
    {.flag = "--log-level",
     .variable = "PORTOLAN_LOG_LEVEL",
     .path = "log_level",
     .value_name = "LEVEL",
     .default_text = "info",
     .help = "error, warn, info or debug; calls are logged at info, failed ones at warn or error",
     .choices = "error|warn|info|debug",
     .apply = Level},
    {.variable = "PORTOLAN_CALLER_KEYS",
     .value_name = "KEYS",
     .help = "keys of which callers must present one, as a comma list",
     .repeatable = true,
     .secret = true,
     .apply = CallerKey,
     .clear = Clear<&ServeOptions::caller_keys>},
    {.variable = "PORTOLAN_ADMIN_KEY",
     .path = "callers.admin_key",
     .value_name = "KEY",
     .help = "the key that the admin listener demands as bearer",
     .secret = true,
     .apply = AdminKey},
    {.flag = "--allow-unauthenticated",
     .variable = "PORTOLAN_ALLOW_UNAUTHENTICATED",
     .path = "callers.allow_unauthenticated",
     .default_text = "false",
     .help = "serve beyond this machine with provider keys and no caller keys: anyone may spend them",
     .apply = Switch<&ServeOptions::allow_unauthenticated>},
    {.flag = "--cors-origin",
     .variable = "PORTOLAN_CORS_ORIGIN",
     .path = "callers.cors_origins",
     .value_name = "ORIGIN",
     .help = "a web origin that may call from a browser, as in https://app.example",
     .repeatable = true,
     .apply = CorsOrigin,
     .clear = Clear<&ServeOptions::cors_origins>},
    {.flag = "--allowed-host",
     .variable = "PORTOLAN_ALLOWED_HOST",
     .path = "callers.allowed_hosts",
     .value_name = "HOST",
     .help = "a name under which callers may address a gateway that listens on loopback",
     .repeatable = true,
     .apply = AllowedHost,
     .clear = Clear<&ServeOptions::allowed_hosts>},
    {.flag = "--tls-cert",
     .variable = "PORTOLAN_TLS_CERT",
     .path = "tls.cert",
     .value_name = "FILE",
     .help = "serve REST and gRPC over TLS with this PEM certificate and its chain",
     .apply = String<&ServeOptions::tls_cert>},
    {.flag = "--tls-key",
     .variable = "PORTOLAN_TLS_KEY",
     .path = "tls.key",
     .value_name = "FILE",
     .help = "the certificate's private key, PEM, not encrypted",
     .apply = String<&ServeOptions::tls_key>},
    {.flag = "--tls-client-ca",
     .variable = "PORTOLAN_TLS_CLIENT_CA",
     .path = "tls.client_ca",
     .value_name = "FILE",
     .help = "ask callers for a certificate of these PEM authorities",
     .apply = String<&ServeOptions::tls_client_ca>},
    {.flag = "--tls-client-auth",
     .variable = "PORTOLAN_TLS_CLIENT_AUTH",
     .path = "tls.client_auth",
     .value_name = "HOW",
     .default_text = "required",
     .help = "with --tls-client-ca: required, or optional to serve callers without a certificate too",
     .choices = "required|optional",
     .apply = TlsClientAuth},
    {.flag = "--default-provider",
     .variable = "PORTOLAN_DEFAULT_PROVIDER",
     .path = "default_provider",
     .value_name = "PROVIDER",
     .help = "who serves calls that name no provider; without it anthropic at /v1/messages, openai elsewhere",
     .apply = DefaultProvider},
    {.flag = "--direct-keys",
     .variable = "PORTOLAN_DIRECT_KEYS",
     .path = "upstream.direct_keys",
     .default_text = "false",
     .help = "prefer the caller's own provider key to the gateway's",
     .apply = Switch<&ServeOptions::direct_keys>},
    {.flag = "--usage-streams",
     .variable = "PORTOLAN_USAGE_STREAMS",
     .path = "usage.streams",
     .value_name = "WHICH",
     .default_text = "always",
     .help = "which streams are asked for their usage: always all, or those of callers who asked",
     .choices = "always|asked",
     .apply = UsageStreams},
    {.flag = "--allow-upstream",
     .variable = "PORTOLAN_ALLOW_UPSTREAM",
     .path = "upstream.allow",
     .value_name = "RULE",
     .help = "a private network, name or suffix that callers may name as custom host: 10.0.0.0/8, "
             "llm.internal, .internal",
     .repeatable = true,
     .apply = AllowUpstream,
     .clear = Clear<&ServeOptions::allow_upstream>},
    {.flag = "--upstream-ca",
     .variable = "PORTOLAN_UPSTREAM_CA",
     .path = "upstream.ca",
     .value_name = "FILE",
     .help = "PEM certificates to trust for providers, besides the system's",
     .apply = String<&ServeOptions::upstream_ca>},
    {.variable = "https_proxy",
     .other_variable = "HTTPS_PROXY",
     .value_name = "URL",
     .help = "forward proxy for https providers: http://[user:password@]host:port",
     .secret = true,
     .apply = String<&ServeOptions::https_proxy>,
     .origin = &ServeOptions::https_proxy_variable},
    {.variable = "http_proxy",
     .other_variable = "HTTP_PROXY",
     .value_name = "URL",
     .help = "forward proxy for http providers",
     .secret = true,
     .apply = String<&ServeOptions::http_proxy>,
     .origin = &ServeOptions::http_proxy_variable},
    {.variable = "no_proxy",
     .other_variable = "NO_PROXY",
     .value_name = "LIST",
     .help = "hosts to reach without a proxy: names, .suffixes, networks, or *",
     .apply = String<&ServeOptions::no_proxy>},
    {.flag = "--max-body",
     .variable = "PORTOLAN_MAX_BODY",
     .path = "limits.max_body",
     .value_name = "SIZE",
     .default_text = "64MB",
     .help = "the largest request body, after decompression",
     .apply = MaxBody},
    {.flag = "--max-relay-body",
     .variable = "PORTOLAN_MAX_RELAY_BODY",
     .path = "limits.max_relay_body",
     .value_name = "SIZE",
     .default_text = "0",
     .help = "the largest body that is relayed while it comes; 0: no limit",
     .apply = MaxRelayBody},
    {.flag = "--max-held",
     .variable = "PORTOLAN_MAX_HELD",
     .path = "limits.max_held",
     .value_name = "SIZE",
     .default_text = "half of the memory",
     .help = "what the bodies of all calls may hold together",
     .apply = MaxHeld},
    {.flag = "--connect-timeout",
     .variable = "PORTOLAN_CONNECT_TIMEOUT",
     .path = "timeouts.connect",
     .value_name = "TIME",
     .default_text = "5s",
     .help = "how long a connection to a provider may take: name, TCP and TLS",
     .apply = Duration<&ServeOptions::connect_timeout, false>},
    {.flag = "--first-byte-timeout",
     .variable = "PORTOLAN_FIRST_BYTE_TIMEOUT",
     .path = "timeouts.first_byte",
     .value_name = "TIME",
     .default_text = "10m",
     .help = "how long a provider may take until its answer begins",
     .apply = Duration<&ServeOptions::first_byte_timeout, false>},
    {.flag = "--idle-timeout",
     .variable = "PORTOLAN_IDLE_TIMEOUT",
     .path = "timeouts.idle",
     .value_name = "TIME",
     .default_text = "5m",
     .help = "how long a provider may pause within its answer",
     .apply = Duration<&ServeOptions::idle_timeout, false>},
    {.flag = "--stream-hold",
     .variable = "PORTOLAN_STREAM_HOLD",
     .path = "timeouts.stream_hold",
     .value_name = "TIME",
     .default_text = "15s",
     .help = "how long a stream without content may be held back while the route has another attempt",
     .apply = Duration<&ServeOptions::stream_hold, false>},
    {.flag = "--heartbeat",
     .variable = "PORTOLAN_HEARTBEAT",
     .path = "timeouts.heartbeat",
     .value_name = "TIME",
     .default_text = "15s",
     .help = "how long a stream over REST may be silent before a comment is sent to keep it alive; 0s: none",
     .apply = Duration<&ServeOptions::heartbeat, true>},
    {.flag = "--drain-delay",
     .variable = "PORTOLAN_DRAIN_DELAY",
     .path = "listen.drain_delay",
     .value_name = "TIME",
     .default_text = "0s",
     .help = "how long to go on accepting calls after SIGTERM, while /readyz says no already",
     .apply = Duration<&ServeOptions::drain_delay, true>},
    {.flag = "--grace",
     .variable = "PORTOLAN_GRACE",
     .path = "listen.grace",
     .value_name = "TIME",
     .default_text = "30s",
     .help = "how long calls under way may take to finish before the process ends",
     .apply = Duration<&ServeOptions::grace, true>},
    {.flag = "--no-splice",
     .variable = "PORTOLAN_NO_SPLICE",
     .default_text = "false",
     .help = "diagnostic: decode and encode every body, also where its bytes could be relayed",
     .apply = Switch<&ServeOptions::no_splice>},
};

}  // namespace

std::span<const Setting> Settings() { return kSettings; }

}  // namespace portolan::config
