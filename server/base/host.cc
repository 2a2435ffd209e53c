#include "server/base/host.h"

#include <algorithm>
#include <charconv>

#include "server/base/ip.h"
#include "server/base/text.h"

namespace portolan {
namespace {

constexpr size_t kLongestName = 253;
constexpr size_t kLongestLabel = 63;

bool Refuse(std::string* problem, std::string_view why) {
  *problem = why;
  return false;
}

bool IsNumberLabel(std::string_view label) {
  return label.starts_with("0x") || std::all_of(label.begin(), label.end(), IsDigit);
}

// REQUIRES: `name` is in lower case.
bool CheckName(std::string_view name, std::string* problem) {
  if (name.size() > kLongestName) return Refuse(problem, "the host name is too long");
  std::string_view label;
  for (std::string_view rest = name;;) {
    const size_t dot = rest.find('.');
    label = rest.substr(0, dot);
    if (label.empty()) return Refuse(problem, "the host has an empty label");
    if (label.size() > kLongestLabel) return Refuse(problem, "a label of the host name is too long");
    for (const char c : label) {
      if (!IsLetterOrDigit(c) && c != '-' && c != '_') {
        return Refuse(problem, "the host has a character that host names do not have");
      }
    }
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  // WHATWG URL: a host that ends in a number is an IPv4 address; only its plain spelling is taken.
  if (IsNumberLabel(label)) return Refuse(problem, "the host is not an IPv4 address in dotted decimal");
  return true;
}

}  // namespace

bool ParseHost(std::string_view text, std::string* host, std::string* problem) {
  if (text.starts_with('[') && text.ends_with(']')) {
    text = text.substr(1, text.size() - 2);
    if (text.find(':') == std::string_view::npos) return Refuse(problem, "the host is not an IPv6 address");
  }
  if (text.find(':') != std::string_view::npos) {
    const std::optional<IpBytes> ip = ParseIp(text);
    if (!ip) return Refuse(problem, "the host is not an IPv6 address");
    *host = Ipv6Text(*ip);
    return true;
  }
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty()) return Refuse(problem, "the host is missing");
  *host = LowerCase(text);
  if (IsDigit(text.back()) && ParseIp(*host)) return true;
  return CheckName(*host, problem);
}

std::optional<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

bool SplitHostPort(std::string_view text, HostParts* parts, std::string* problem) {
  *parts = HostParts();
  std::string_view rest;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return Refuse(problem, "the bracket of the IPv6 host is not closed");
    parts->host = text.substr(0, close + 1);
    rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') {
      return Refuse(problem, "something other than a port follows the bracket of the IPv6 host");
    }
  } else {
    const size_t colon = std::min(text.find(':'), text.size());
    parts->host = text.substr(0, colon);
    rest = text.substr(colon);
    if (rest.find(':', 1) != std::string_view::npos)
      return Refuse(problem, "an IPv6 host must stand in brackets");
  }
  if (!rest.empty()) parts->port = rest.substr(1);
  return true;
}

bool ParseListenAddress(std::string_view text, ListenAddress* address, std::string* problem) {
  HostParts parts;
  if (!SplitHostPort(text, &parts, problem)) return false;
  if (!parts.port) return Refuse(problem, "an address is HOST:PORT, as in 127.0.0.1:8787");
  const std::optional<uint16_t> port = ParsePort(*parts.port);
  if (!port) return Refuse(problem, "the port is not a number from 0 to 65535");
  std::string_view host = parts.host;
  if (host.starts_with('[')) {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos) return Refuse(problem, "brackets are for IPv6 addresses");
  }
  const bool named = parts.host.empty() || parts.host == "localhost";
  if (!named && !ParseIp(host)) {
    return Refuse(
        problem, "the host is not an IP address (IPv6 in brackets), `localhost`, or empty for all addresses");
  }
  address->host = host;
  address->port = *port;
  return true;
}

}  // namespace portolan
