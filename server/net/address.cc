#include "server/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "server/base/host.h"

namespace portolan::net {
namespace {

template <typename T>
T As(const sockaddr_storage& storage) {
  T address;
  std::memcpy(&address, &storage, sizeof(address));
  return address;
}

}  // namespace

bool SocketAddress::Parse(std::string_view host, uint16_t port, SocketAddress* out) {
  const std::optional<IpBytes> ip = ParseIp(host);
  if (!ip) return false;
  SocketAddress address;
  if (host.find(':') == std::string_view::npos) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    v4.sin_addr.s_addr = htonl(Ipv4Of(*ip));
    std::memcpy(&address.storage, &v4, address.length = sizeof(v4));
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, ip->data(), ip->size());
    std::memcpy(&address.storage, &v6, address.length = sizeof(v6));
  }
  *out = address;
  return true;
}

std::string SocketAddress::ToString() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    const auto address = As<sockaddr_in>(storage);
    inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text));
    return absl::StrCat(text, ":", port());
  }
  if (storage.ss_family == AF_INET6) {
    const auto address = As<sockaddr_in6>(storage);
    inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof(text));
    return absl::StrCat("[", text, "]:", port());
  }
  return "unknown";
}

uint16_t SocketAddress::port() const {
  if (storage.ss_family == AF_INET) return ntohs(As<sockaddr_in>(storage).sin_port);
  if (storage.ss_family == AF_INET6) return ntohs(As<sockaddr_in6>(storage).sin6_port);
  return 0;
}

bool SocketAddress::is_loopback() const {
  const std::optional<IpBytes> ip = IpOf(*this);
  return ip && IsLoopback(*ip);
}

std::optional<IpBytes> IpOf(const SocketAddress& address) {
  if (address.storage.ss_family == AF_INET) {
    const auto v4 = As<sockaddr_in>(address.storage);
    return IpOfBytes(&v4.sin_addr, sizeof(v4.sin_addr));
  }
  if (address.storage.ss_family == AF_INET6) {
    const auto v6 = As<sockaddr_in6>(address.storage);
    return IpOfBytes(&v6.sin6_addr, sizeof(v6.sin6_addr));
  }
  return std::nullopt;
}

absl::StatusOr<SocketAddress> ParseAddress(std::string_view text) {
  ListenAddress listen;
  std::string problem;
  if (!ParseListenAddress(text, &listen, &problem)) {
    return absl::InvalidArgumentError(absl::StrCat("address `", std::string(text), "`: ", problem));
  }
  if (listen.host.empty()) listen.host = "::";  // with IPV6_V6ONLY off: IPv4 as well
  if (listen.host == "localhost") listen.host = "127.0.0.1";
  SocketAddress address;
  SocketAddress::Parse(listen.host, listen.port, &address);  // never fails: it is an IP literal
  return address;
}

}  // namespace portolan::net
