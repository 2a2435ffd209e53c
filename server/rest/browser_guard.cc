#include "server/rest/browser_guard.h"

#include <algorithm>

#include "server/base/host.h"
#include "server/base/ip.h"
#include "server/base/text.h"

namespace portolan::rest {
namespace {

// `localhost.` is `localhost`: the dot says that the name is whole.
std::string_view WithoutFinalDot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

Error Forbidden(std::string code, std::string message, std::string param) {
  return {.error_class = ErrorClass::kPolicy,
          .http_status = 403,
          .code = std::move(code),
          .message = std::move(message),
          .param = std::move(param)};
}

// `127.0.0.1:8787` and `localhost`, as nearly all requests have it.
bool IsPlainLoopback(std::string_view host) {
  for (const std::string_view name : {std::string_view("127.0.0.1"), std::string_view("localhost")}) {
    if (!host.starts_with(name)) continue;
    host.remove_prefix(name.size());
    // Of five digits, as many compare as numbers do.
    const bool port = host.size() > 1 &&
                      (host.size() < 6 || (host.size() == 6 && host.substr(1) <= "65535")) &&
                      host.front() == ':' && std::all_of(host.begin() + 1, host.end(), IsDigit);
    return host.empty() || port;
  }
  return false;
}

}  // namespace

bool IsLoopbackHost(std::string_view host) {
  if (IsPlainLoopback(host)) return true;
  HostParts parts;
  std::string ignored;
  if (!SplitHostPort(host, &parts, &ignored)) return false;
  if (parts.host.starts_with('[')) {
    const std::string_view address = parts.host.substr(1, parts.host.size() - 2);
    const std::optional<IpBytes> ip = ParseIp(address);
    return ip && IsLoopback(*ip) && address.find(':') != std::string_view::npos;
  }
  const std::string_view name = WithoutFinalDot(parts.host);
  if (EqualsIgnoreCase(name, "localhost") || EndsWithIgnoreCase(name, ".localhost")) return true;
  const std::optional<IpBytes> ip = name.starts_with("127.") ? ParseIp(name) : std::nullopt;
  return ip && IsLoopback(*ip);
}

bool CorsAllowed(const BrowserPolicy& policy, std::string_view origin) {
  if (origin.empty()) return false;
  const std::string lower = LowerCase(origin);
  return std::any_of(policy.cors_origins.begin(), policy.cors_origins.end(),
                     [&](const std::string& allowed) { return allowed == "*" || allowed == lower; });
}

std::optional<Error> CheckBrowser(const BrowserPolicy& policy, std::string_view host,
                                  std::string_view origin) {
  if (!policy.on_loopback) return std::nullopt;
  const auto is_named = [&] {
    HostParts parts;
    std::string name;
    std::string ignored;
    if (!SplitHostPort(host, &parts, &ignored) || !ParseHost(parts.host, &name, &ignored)) return false;
    const auto& names = policy.allowed_hosts;
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view allowed) { return WithoutFinalDot(allowed) == name; });
  };
  const bool host_allowed = host.empty() || IsLoopbackHost(host) || is_named();
  if (!host_allowed) {
    return Forbidden(
        "host_not_allowed",
        "this gateway listens on loopback and is not called by that Host; start it with --allowed-host to "
        "allow it",
        "host");
  }
  if (origin.empty() || CorsAllowed(policy, origin)) return std::nullopt;
  const size_t scheme = origin.find("://");
  const bool same_site = scheme != std::string_view::npos && IsLoopbackHost(origin.substr(scheme + 3));
  if (same_site) return std::nullopt;
  return Forbidden(
      "origin_not_allowed",
      "a web page of another origin may not call this gateway; start it with --cors-origin to allow one",
      "origin");
}

void AddCorsHeaders(std::string_view origin, bool preflight, std::string_view requested_headers,
                    HeaderBlock* out) {
  out->Add("access-control-allow-origin", origin);
  out->Add("vary", "origin");
  if (!preflight) {
    out->Add("access-control-expose-headers", "*");
    return;
  }
  out->Add("access-control-allow-methods", "GET, POST, OPTIONS");
  if (!requested_headers.empty()) out->Add("access-control-allow-headers", requested_headers);
  out->Add("access-control-max-age", "600");
}

}  // namespace portolan::rest
