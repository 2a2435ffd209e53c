#include "server/upstream/address_policy.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "server/base/ip.h"
#include "server/net/address.h"

namespace portolan::upstream {
namespace {

struct Ipv4Range {
  uint32_t network;
  int bits;
};

constexpr uint32_t V4(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// The IANA IPv4 special-purpose registry, everything not globally reachable, multicast and class E.
constexpr Ipv4Range kNotPublic[] = {
    {V4(0, 0, 0, 0), 8},         // this network
    {V4(10, 0, 0, 0), 8},        // private
    {V4(100, 64, 0, 0), 10},     // shared (carrier NAT); Alibaba's metadata 100.100.100.200
    {V4(127, 0, 0, 0), 8},       // loopback
    {V4(169, 254, 0, 0), 16},    // link-local; metadata 169.254.169.254
    {V4(172, 16, 0, 0), 12},     // private
    {V4(192, 0, 0, 0), 24},      // protocol assignments; Oracle's metadata 192.0.0.192
    {V4(192, 0, 2, 0), 24},      // documentation
    {V4(192, 88, 99, 0), 24},    // 6to4 relays
    {V4(192, 168, 0, 0), 16},    // private
    {V4(198, 18, 0, 0), 15},     // benchmarking
    {V4(198, 51, 100, 0), 24},   // documentation
    {V4(203, 0, 113, 0), 24},    // documentation
    {V4(168, 63, 129, 16), 32},  // Azure's platform services
    {V4(224, 0, 0, 0), 4},       // multicast
    {V4(240, 0, 0, 0), 4},       // reserved, broadcast
};

// Named as networks or not at all: a name may point at them for anybody who owns the name.
constexpr Ipv4Range kMetadata[] = {{V4(169, 254, 0, 0), 16},
                                   {V4(168, 63, 129, 16), 32},
                                   {V4(100, 100, 100, 200), 32},
                                   {V4(192, 0, 0, 192), 32}};

bool InAny(uint32_t ip, std::span<const Ipv4Range> ranges) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [ip](const Ipv4Range& range) { return (ip ^ range.network) >> (32 - range.bits) == 0; });
}

bool HasPrefix(const IpBytes& ip, std::initializer_list<uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), ip.begin());
}

bool AllZero(const IpBytes& ip, size_t from, size_t to) {
  return std::all_of(ip.begin() + from, ip.begin() + to, [](uint8_t byte) { return byte == 0; });
}

// The IPv4 address that a packet to `ip` may end at.
std::optional<uint32_t> EmbeddedIpv4(const IpBytes& ip) {
  if (IsIpv4(ip)) return Ipv4Of(ip);
  if (HasPrefix(ip, {0x00, 0x64, 0xff, 0x9b}) && AllZero(ip, 4, 12)) return Ipv4Of(ip);  // NAT64, RFC 6052
  if (HasPrefix(ip, {0x20, 0x02})) return V4(ip[2], ip[3], ip[4], ip[5]);                // 6to4, RFC 3056
  return std::nullopt;
}

bool IsPublic(const IpBytes& ip) {
  if (const auto ipv4 = EmbeddedIpv4(ip)) return !InAny(*ipv4, kNotPublic);
  if ((ip[0] & 0xe0) != 0x20) return false;  // outside 2000::/3 nothing is global unicast
  const bool special =
      HasPrefix(ip, {0x20, 0x01, 0x0d, 0xb8}) ||               // documentation
      (HasPrefix(ip, {0x20, 0x01}) && (ip[2] & 0xfe) == 0) ||  // 2001::/23, Teredo and others
      (HasPrefix(ip, {0x3f, 0xff}) && (ip[2] & 0xf0) == 0);    // documentation, RFC 9637
  return !special;
}

bool IsMetadata(const IpBytes& ip) {
  if (const auto ipv4 = EmbeddedIpv4(ip)) return InAny(*ipv4, kMetadata);
  const bool link_local = ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
  return link_local || HasPrefix(ip, {0xfd, 0x00, 0x0e, 0xc2}) || HasPrefix(ip, {0xfd, 0x20, 0x00, 0xce});
}

struct Allowed {
  bool loopback = false;
  std::vector<AddressRule> rules;

  bool Permits(const std::string& host, const net::SocketAddress& address) const {
    const std::optional<IpBytes> ip = net::IpOf(address);
    if (!ip) return false;
    if (IsPublic(*ip)) return true;
    if (loopback && IsLoopback(*ip)) return true;
    const auto any = [this](const auto& holds) { return std::any_of(rules.begin(), rules.end(), holds); };
    if (any([&](const AddressRule& rule) { return rule.HasAddress(*ip); })) return true;
    return !IsMetadata(*ip) && any([&](const AddressRule& rule) { return rule.HasHost(host); });
  }
};

}  // namespace

AddressPolicy MakeAddressPolicy(bool allow_loopback, std::vector<AddressRule> allow) {
  auto allowed = std::make_shared<Allowed>();
  allowed->loopback = allow_loopback;
  allowed->rules = std::move(allow);
  return [allowed = std::shared_ptr<const Allowed>(std::move(allowed))](const std::string& host,
                                                                        const net::SocketAddress& address) {
    return allowed->Permits(host, address);
  };
}

}  // namespace portolan::upstream
