#pragma once

// IP addresses and networks as values that can be compared. IPv4 addresses are kept in their IPv4-mapped IPv6
// form, so that both spellings of an address are equal.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace portolan {

using IpBytes = std::array<uint8_t, 16>;

// Reads an IPv4 address in dotted decimal (no leading zeros, no short forms) or an IPv6 address without
// brackets or zone.
std::optional<IpBytes> ParseIp(std::string_view text);
// Of an address as the system gives it: `size` is 4 or 16, in network byte order.
IpBytes IpOfBytes(const void* bytes, size_t size);
// The canonical text as an IPv6 address (RFC 5952): `2001:db8::1`, `::ffff:10.0.0.1`.
std::string Ipv6Text(const IpBytes& ip);
bool IsIpv4(const IpBytes& ip);
// The last four bytes as a number.
uint32_t Ipv4Of(const IpBytes& ip);
// 127.0.0.0/8 and ::1.
bool IsLoopback(const IpBytes& ip);

class IpNetwork {
 public:
  // `10.0.0.0/8`, `fd00::/8`; an address alone is a network of one.
  static std::optional<IpNetwork> Parse(std::string_view text);
  bool Contains(const IpBytes& ip) const;

 private:
  IpBytes address_{};
  int bits_ = 128;
};

}  // namespace portolan
