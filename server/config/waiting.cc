#include "server/config/waiting.h"

namespace portolan::config {
namespace {

struct Row {
  std::string_view path;
  bool (*same)(const ServeOptions& a, const ServeOptions& b);
};

template <auto member>
bool Same(const ServeOptions& a, const ServeOptions& b) {
  return a.*member == b.*member;
}

constexpr Row kRows[] = {
    {"listen.http", Same<&ServeOptions::http>},
    {"listen.grpc", Same<&ServeOptions::grpc>},
    {"listen.admin", Same<&ServeOptions::admin>},
    {"listen.threads", Same<&ServeOptions::threads>},
    {"listen.keep_alive", Same<&ServeOptions::keep_alive>},
    {"listen.grpc_max_connection_age", Same<&ServeOptions::grpc_max_connection_age>},
    {"listen.grpc_max_connection_age_grace", Same<&ServeOptions::grpc_max_connection_age_grace>},
    {"listen.drain_delay", Same<&ServeOptions::drain_delay>},
    {"listen.grace", Same<&ServeOptions::grace>},
    {"tls.cert", Same<&ServeOptions::tls_cert>},
    {"tls.key", Same<&ServeOptions::tls_key>},
    {"tls.client_ca", Same<&ServeOptions::tls_client_ca>},
    {"tls.client_auth", Same<&ServeOptions::tls_client_required>},
    {"callers.admin_key", [](const ServeOptions& a,
                             const ServeOptions& b) { return a.admin_key.Reveal() == b.admin_key.Reveal(); }},
    {"callers.allow_unauthenticated", Same<&ServeOptions::allow_unauthenticated>},
    {"callers.cors_origins", Same<&ServeOptions::cors_origins>},
    {"callers.allowed_hosts", Same<&ServeOptions::allowed_hosts>},
    {"limits.max_body", Same<&ServeOptions::max_body>},
    {"limits.max_relay_body", Same<&ServeOptions::max_relay_body>},
    {"limits.max_held", Same<&ServeOptions::max_held>},
    {"timeouts.stream_hold", Same<&ServeOptions::stream_hold>},
    {"timeouts.heartbeat", Same<&ServeOptions::heartbeat>},
    {"upstream.allow", Same<&ServeOptions::allow_upstream>},
    {"upstream.ca", Same<&ServeOptions::upstream_ca>},
};

}  // namespace

std::vector<std::string_view> SettingsThatWait(const ServeOptions& at_start, const ServeOptions& now) {
  std::vector<std::string_view> paths;
  for (const Row& row : kRows) {
    if (!row.same(at_start, now)) paths.push_back(row.path);
  }
  return paths;
}

}  // namespace portolan::config
