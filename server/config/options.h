#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "server/base/address_rule.h"
#include "server/base/secret.h"
#include "server/telemetry/log_level.h"

namespace portolan::config {

// What flags, environment and config file tell `portolan serve`. docs/configuration.md explains every member;
// the defaults are here and nowhere else.
struct ServeOptions {
  std::string config_file;  // empty: none

  // Where to listen: `HOST:PORT`, checked by ParseListenAddress (base/host.h).
  std::string http = "127.0.0.1:8787";
  std::string grpc = "127.0.0.1:50051";
  std::string admin = "127.0.0.1:8788";
  int threads = 0;  // 0: UsableCores()

  std::chrono::milliseconds keep_alive{75'000};  // of an idle HTTP connection
  // A gRPC connection of about this age is closed as soon as its calls are over; zero: never.
  std::chrono::milliseconds grpc_max_connection_age{0};
  std::chrono::milliseconds grpc_max_connection_age_grace{3'600'000};  // how long those calls may take

  telemetry::LogLevel log_level = telemetry::LogLevel::kInfo;

  // Who may call.
  std::vector<Secret> caller_keys;
  Secret admin_key;
  bool allow_unauthenticated = false;
  std::vector<std::string> cors_origins;   // lower case
  std::vector<std::string> allowed_hosts;  // as ParseHost gives them

  // TLS of both doors; without a certificate they are plain.
  std::string tls_cert;  // PEM files
  std::string tls_key;
  std::string tls_client_ca;  // if set, callers are asked for a certificate
  bool tls_client_required = true;

  // Where calls go.
  std::string default_provider;  // empty: that of the door
  bool direct_keys = false;
  bool count_streams = true;  // ask for the usage of every stream, whether or not the caller wants to see it
  std::vector<AddressRule> allow_upstream;
  std::string upstream_ca;                           // a file of PEM certificates, besides the system's
  std::string https_proxy;                           // may hold a password
  std::string http_proxy;                            // may hold a password
  std::string https_proxy_variable = "https_proxy";  // the variables that the proxies came from
  std::string http_proxy_variable = "http_proxy";
  std::string no_proxy;

  // Bounds.
  uint64_t max_body = 64u << 20;
  uint64_t max_relay_body = 0;  // of a body that is relayed while it comes; 0: there is no limit
  uint64_t max_held = 0;        // of all bodies that calls hold; 0: half of UsableMemory()
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds first_byte_timeout{600'000};
  std::chrono::milliseconds idle_timeout{300'000};
  std::chrono::milliseconds stream_hold{15'000};
  // A REST stream in which nothing was sent for this long gets a comment; zero: none.
  std::chrono::milliseconds heartbeat{15'000};

  // The end.
  std::chrono::milliseconds drain_delay{0};
  std::chrono::milliseconds grace{30'000};

  // Diagnostics.
  bool no_splice = false;
};

}  // namespace portolan::config
