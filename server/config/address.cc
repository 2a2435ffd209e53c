#include "server/config/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace portolan::config {
namespace {

constexpr size_t kMaxHost = 253;

bool ParseNumber(std::string_view text, unsigned limit, unsigned* value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), *value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size() && *value <= limit;
}

bool IsV4(std::string_view text, in_addr* address) {
  return text.size() <= 15 && inet_pton(AF_INET, std::string(text).c_str(), address) == 1;
}

bool IsV6(std::string_view text, in6_addr* address) {
  return text.size() <= 45 && inet_pton(AF_INET6, std::string(text).c_str(), address) == 1;
}

}  // namespace

bool IsIpLiteral(std::string_view text) {
  in_addr v4;
  in6_addr v6;
  return IsV4(text, &v4) || IsV6(text, &v6);
}

bool IsHostName(std::string_view text) {
  if (text.empty() || text.size() > kMaxHost) return false;
  while (true) {
    const size_t end = std::min(text.find('.'), text.size());
    const std::string_view label = text.substr(0, end);
    if (label.empty() || label.size() > 63) return false;
    const bool fit = std::all_of(label.begin(), label.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
             c == '_';
    });
    if (!fit) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

bool ParseHostPort(std::string_view text, HostPort* result, std::string* problem) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    *problem = "an address is HOST:PORT, as in 127.0.0.1:8787";
    return false;
  }
  std::string_view host = text.substr(0, colon);
  unsigned port;
  if (!ParseNumber(text.substr(colon + 1), 65535, &port)) {
    *problem = "the port must be a number from 0 to 65535";
    return false;
  }
  in_addr v4;
  in6_addr v6;
  if (host.starts_with('[') && host.ends_with(']') && IsV6(host.substr(1, host.size() - 2), &v6)) {
    host = host.substr(1, host.size() - 2);
  } else if (!host.empty() && host != "localhost" && !IsV4(host, &v4)) {
    *problem = "the host must be an IP address (IPv6 in brackets), `localhost`, or empty for all addresses";
    return false;
  }
  result->host = std::string(host);
  result->port = static_cast<uint16_t>(port);
  return true;
}

bool IsLoopbackAddress(std::string_view text) {
  HostPort address;
  std::string problem;
  if (!ParseHostPort(text, &address, &problem)) return false;
  if (address.host == "localhost") return true;
  in_addr v4;
  if (IsV4(address.host, &v4)) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6;
  if (!IsV6(address.host, &v6)) return false;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) return v6.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&v6);
}

bool IsUpstreamRule(std::string_view text, std::string* problem) {
  if (const size_t slash = text.find('/'); slash != std::string_view::npos) {
    in_addr v4;
    in6_addr v6;
    const std::string_view address = text.substr(0, slash);
    const bool is_v4 = IsV4(address, &v4);
    unsigned bits;
    if ((!is_v4 && !IsV6(address, &v6)) || !ParseNumber(text.substr(slash + 1), is_v4 ? 32 : 128, &bits)) {
      *problem = "a network is ADDRESS/BITS, as in 10.0.0.0/8 or fd00::/8";
      return false;
    }
    return true;
  }
  if (IsIpLiteral(text)) return true;
  const std::string_view name = text.starts_with('.') ? text.substr(1) : text;
  // Digits and dots alone would be a mistyped address.
  if (IsHostName(name) && name.find_first_not_of("0123456789.") != std::string_view::npos) return true;
  *problem =
      "it must be a network (10.0.0.0/8), an IP address, a host name (llm.internal) or a suffix (.internal)";
  return false;
}

}  // namespace portolan::config
