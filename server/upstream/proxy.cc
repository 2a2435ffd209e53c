#include "server/upstream/proxy.h"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

#include "server/upstream/url.h"

namespace portolan::upstream {
namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// RFC 4648, with padding.
std::string Base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < left ? static_cast<uint8_t>(bytes[i + k]) : 0u);
    }
    for (size_t k = 0; k < 4; ++k) text += k <= left ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    uint8_t byte = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
    if (error != std::errc() || end != text.data() + i + 3) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

}  // namespace

absl::StatusOr<Proxy> ParseProxy(std::string_view text, std::string_view variable) {
  const auto bad = [&](const std::string& why) {
    return absl::InvalidArgumentError(std::string(variable) + ": " + why);
  };
  text = Trim(text);
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
    const auto name = PercentDecode(user.substr(0, colon));
    const auto password = PercentDecode(colon == std::string_view::npos ? "" : user.substr(colon + 1));
    if (!name || !password) return bad("the user or password has a bad percent-encoding");
    proxy.authorization = Secret("Basic " + Base64(*name + ":" + *password));
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
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    std::string_view entry = Trim(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (entry.empty()) continue;
    if (entry == "*") {
      all_ = true;
      continue;
    }
    if (const auto network = IpNetwork::Parse(entry)) {
      networks_.push_back(*network);
      continue;
    }
    if (entry.starts_with("*.")) entry.remove_prefix(1);
    Name name{"", 0};
    const size_t colon = entry.rfind(':');
    if (colon != std::string_view::npos && entry.find(':') == colon) {
      const std::string_view port = entry.substr(colon + 1);
      const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), name.port);
      if (error != std::errc() || end != port.data() + port.size()) continue;
      entry = entry.substr(0, colon);
    }
    if (entry.starts_with('.')) entry.remove_prefix(1);
    std::string ignored;
    if (ParseHost(entry, &name.text, &ignored)) names_.push_back(std::move(name));
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
    if (Trim(*text).empty()) continue;
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
