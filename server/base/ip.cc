#include "server/base/ip.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

namespace portolan {
namespace {

constexpr size_t kLongestIp = INET6_ADDRSTRLEN;

IpBytes Mapped(const void* ipv4) {
  IpBytes ip{};
  ip[10] = 0xff;
  ip[11] = 0xff;
  std::memcpy(ip.data() + 12, ipv4, 4);
  return ip;
}

}  // namespace

std::optional<IpBytes> ParseIp(std::string_view text) {
  // What stands behind a NUL would not be read.
  if (text.size() >= kLongestIp || text.find('\0') != std::string_view::npos) return std::nullopt;
  char buffer[kLongestIp] = {};
  text.copy(buffer, text.size());
  // inet_pton knows neither octal nor short forms, which is why it is used and not inet_aton.
  in_addr four;
  if (inet_pton(AF_INET, buffer, &four) == 1) return Mapped(&four);
  IpBytes six;
  if (inet_pton(AF_INET6, buffer, six.data()) == 1) return six;
  return std::nullopt;
}

IpBytes IpOfBytes(const void* bytes, size_t size) {
  if (size == 4) return Mapped(bytes);
  IpBytes ip;
  std::memcpy(ip.data(), bytes, ip.size());
  return ip;
}

std::string Ipv6Text(const IpBytes& ip) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(AF_INET6, ip.data(), text, sizeof(text));
  return text;
}

bool IsIpv4(const IpBytes& ip) {
  static constexpr uint8_t kPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::memcmp(ip.data(), kPrefix, sizeof(kPrefix)) == 0;
}

uint32_t Ipv4Of(const IpBytes& ip) {
  return static_cast<uint32_t>(ip[12]) << 24 | static_cast<uint32_t>(ip[13]) << 16 |
         static_cast<uint32_t>(ip[14]) << 8 | static_cast<uint32_t>(ip[15]);
}

std::optional<IpNetwork> IpNetwork::Parse(std::string_view text) {
  const size_t slash = text.find('/');
  const std::optional<IpBytes> ip = ParseIp(text.substr(0, slash));
  if (!ip) return std::nullopt;
  IpNetwork network;
  network.address_ = *ip;
  if (slash == std::string_view::npos) return network;
  const std::string_view length = text.substr(slash + 1);
  const unsigned most = IsIpv4(*ip) && text.find(':') == std::string_view::npos ? 32 : 128;
  unsigned bits = 0;  // unsigned also takes no sign
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (error != std::errc() || end != length.data() + length.size() || bits > most) return std::nullopt;
  network.bits_ = static_cast<int>(bits + (128 - most));
  return network;
}

bool IpNetwork::Contains(const IpBytes& ip) const {
  const size_t whole = static_cast<size_t>(bits_ / 8);
  if (std::memcmp(ip.data(), address_.data(), whole) != 0) return false;
  const int rest = bits_ % 8;
  return rest == 0 || ((ip[whole] ^ address_[whole]) >> (8 - rest)) == 0;
}

bool IsLoopback(const IpBytes& ip) {
  if (IsIpv4(ip)) return ip[12] == 127;
  static constexpr IpBytes kLoopback = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return ip == kLoopback;
}

}  // namespace portolan
