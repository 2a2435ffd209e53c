#pragma once

// IP addresses and networks as values that can be compared. IPv4 addresses are kept in their IPv4-mapped IPv6
// form, so that both spellings of an address are equal.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "server/net/socket.h"

namespace portolan::upstream {

using IpBytes = std::array<uint8_t, 16>;

// Reads an IPv4 address in dotted decimal (no leading zeros, no short forms) or an IPv6 address without
// brackets or zone.
std::optional<IpBytes> ParseIp(std::string_view text);
std::optional<IpBytes> IpOf(const net::SocketAddress& address);
bool IsIpv4(const IpBytes& ip);
// The last four bytes as a number.
uint32_t Ipv4Of(const IpBytes& ip);

class IpNetwork {
 public:
  // `10.0.0.0/8`, `fd00::/8`; an address alone is a network of one.
  static std::optional<IpNetwork> Parse(std::string_view text);
  bool Contains(const IpBytes& ip) const;

 private:
  IpBytes address_{};
  int bits_ = 128;
};

// 127.0.0.0/8 and ::1.
bool IsLoopback(const IpBytes& ip);

}  // namespace portolan::upstream
