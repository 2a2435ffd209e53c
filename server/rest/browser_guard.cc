#include "server/rest/browser_guard.h"

#include <algorithm>

namespace portolan::rest {
namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return out;
}

// `localhost.` is `localhost`: the dot says that the name is whole.
std::string_view WithoutFinalDot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

// The host of `host[:port]`, brackets kept.
std::string_view NameOf(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return WithoutFinalDot(host.substr(0, host.rfind(':')));
}

bool IsLoopbackV4(std::string_view host) {
  if (!host.starts_with("127.")) return false;
  int dots = 0;
  int digits = 0;
  for (const char c : host) {
    if (c == '.') {
      if (digits == 0) return false;
      ++dots;
      digits = 0;
    } else if (c >= '0' && c <= '9') {
      if (++digits > 3) return false;
    } else {
      return false;
    }
  }
  return dots == 3 && digits > 0;
}

Error Forbidden(std::string code, std::string message, std::string param) {
  Error error;
  error.error_class = ErrorClass::kPolicy;
  error.http_status = 403;
  error.code = std::move(code);
  error.message = std::move(message);
  error.param = std::move(param);
  return error;
}

}  // namespace

bool IsLoopbackHost(std::string_view host) {
  const std::string_view written = NameOf(host);
  if (IsLoopbackV4(written)) return true;
  const std::string name = Lower(written);
  return name == "localhost" || name.ends_with(".localhost") || name == "[::1]";
}

bool CorsAllowed(const BrowserPolicy& policy, std::string_view origin) {
  if (origin.empty()) return false;
  const std::string lower = Lower(origin);
  return std::any_of(policy.cors_origins.begin(), policy.cors_origins.end(),
                     [&](const std::string& allowed) { return allowed == "*" || allowed == lower; });
}

std::optional<Error> CheckBrowser(const BrowserPolicy& policy, std::string_view host,
                                  std::string_view origin) {
  if (!policy.on_loopback) return std::nullopt;
  const auto is_named = [&] {
    const auto& names = policy.allowed_hosts;
    const std::string name = Lower(NameOf(host));
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
