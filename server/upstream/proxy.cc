#include "server/upstream/proxy.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/escaping.h"
#include "server/base/host.h"
#include "server/base/text.h"

namespace portolan::upstream {

absl::StatusOr<Proxy> ParseProxy(std::string_view text, std::string_view variable) {
  const auto bad = [&](const std::string& why) {
    return absl::InvalidArgumentError(std::string(variable) + ": " + why);
  };
  text = TrimBlanks(text);
  Proxy proxy;
  proxy.variable = variable;
  const size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) {
    // `proxy.example:3128`
  } else if (text.substr(0, scheme) == "http") {
    text.remove_prefix(scheme + 3);
  } else {
    return bad("only http:// proxies are supported");
  }
  while (text.ends_with('/')) text.remove_suffix(1);
  const size_t at = text.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view user = text.substr(0, at);
    const size_t colon = user.find(':');
    std::string pair;
    bool good = AppendPercentDecoded(user.substr(0, colon), &pair);
    pair += ':';
    good = good && (colon == std::string_view::npos || AppendPercentDecoded(user.substr(colon + 1), &pair));
    if (!good) return bad("the user or password has a bad percent-encoding");
    proxy.authorization = Secret("Basic " + absl::Base64Escape(pair));
    text.remove_prefix(at + 1);
  }
  Origin origin;
  std::string path;
  std::string problem;
  if (!ParseUrl("http://" + std::string(text), &origin, &path, &problem)) return bad(problem);
  if (!path.empty()) return bad("the URL has a path");
  proxy.host = std::move(origin.host);
  proxy.port = origin.port;
  return proxy;
}

NoProxy::NoProxy(std::string_view list) {
  for (std::string_view entry : SplitList(list)) {
    if (entry == "*") {
      all_ = true;
      continue;
    }
    if (const auto network = IpNetwork::Parse(entry)) {
      networks_.push_back(*network);
      continue;
    }
    if (entry.starts_with("*.")) entry.remove_prefix(1);
    if (entry.starts_with('.')) entry.remove_prefix(1);
    HostParts parts;
    std::string ignored;
    if (!SplitHostPort(entry, &parts, &ignored)) continue;
    const std::optional<uint16_t> port = parts.port ? ParsePort(*parts.port) : std::optional<uint16_t>(0);
    Name name{"", port.value_or(0)};
    if (port && ParseHost(parts.host, &name.text, &ignored)) names_.push_back(std::move(name));
  }
}

bool NoProxy::Matches(std::string_view host, uint16_t port) const {
  if (all_) return true;
  const std::optional<IpBytes> ip = ParseIp(host);
  for (const IpNetwork& network : networks_) {
    if (ip && network.Contains(*ip)) return true;
  }
  for (const Name& name : names_) {
    if (name.port != 0 && name.port != port) continue;
    if (host == name.text) return true;
    const size_t below = host.size() - name.text.size();
    if (!ip && host.size() > name.text.size() && host.ends_with(name.text) && host[below - 1] == '.')
      return true;
  }
  return false;
}

absl::StatusOr<ProxySettings> ProxySettings::From(const ClientOptions& options) {
  ProxySettings settings;
  for (const auto& [text, variable, proxy] :
       {std::tuple(&options.https_proxy, &options.https_proxy_variable, &settings.https_),
        std::tuple(&options.http_proxy, &options.http_proxy_variable, &settings.http_)}) {
    if (TrimBlanks(*text).empty()) continue;
    auto parsed = ParseProxy(*text, *variable);
    if (!parsed.ok()) return parsed.status();
    *proxy = *std::move(parsed);
  }
  settings.no_proxy_ = NoProxy(options.no_proxy);
  return settings;
}

const Proxy* ProxySettings::For(const Origin& origin) const {
  const std::optional<Proxy>& proxy = origin.tls ? https_ : http_;
  if (!proxy) return nullptr;
  if (origin.host == "localhost" || origin.host.ends_with(".localhost")) return nullptr;
  const std::optional<IpBytes> ip = ParseIp(origin.host);
  if (ip && IsLoopback(*ip)) return nullptr;
  return no_proxy_.Matches(origin.host, origin.port) ? nullptr : &*proxy;
}

}  // namespace portolan::upstream
