#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "server/net/listener.h"

namespace portolan::net {
namespace {

absl::Status Malformed(std::string_view text, const char* problem) {
  return absl::InvalidArgumentError(absl::StrCat("address `", absl::string_view(text.data(), text.size()),
                                                 "`: ", problem,
                                                 " (expected HOST:PORT, [IPv6]:PORT or :PORT)"));
}

template <typename T>
T As(const sockaddr_storage& storage) {
  T address;
  std::memcpy(&address, &storage, sizeof(address));
  return address;
}

}  // namespace

bool SocketAddress::Parse(std::string_view host, uint16_t port, SocketAddress* out) {
  char text[INET6_ADDRSTRLEN];
  if (host.empty() || host.size() >= sizeof(text)) return false;
  std::memcpy(text, host.data(), host.size());
  text[host.size()] = '\0';
  if (std::memchr(text, '\0', host.size()) != nullptr) return false;
  SocketAddress address;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&address.storage, &v4, address.length = sizeof(v4));
  } else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&address.storage, &v6, address.length = sizeof(v6));
  } else {
    return false;
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
  const auto is_v4 = [](uint32_t network_order) { return ntohl(network_order) >> 24 == 127; };
  if (storage.ss_family == AF_INET) return is_v4(As<sockaddr_in>(storage).sin_addr.s_addr);
  if (storage.ss_family != AF_INET6) return false;
  const in6_addr address = As<sockaddr_in6>(storage).sin6_addr;
  if (IN6_IS_ADDR_LOOPBACK(&address)) return true;
  uint32_t mapped = 0;
  std::memcpy(&mapped, &address.s6_addr[12], sizeof(mapped));
  return IN6_IS_ADDR_V4MAPPED(&address) && is_v4(mapped);
}

absl::StatusOr<SocketAddress> ParseAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Malformed(text, "the port is missing");
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return Malformed(text, "the port is not a number from 0 to 65535");
  }
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos) return Malformed(text, "brackets are for IPv6");
  } else if (host.find(':') != std::string_view::npos) {
    return Malformed(text, "an IPv6 address needs brackets");
  } else if (host.empty()) {
    host = "::";  // with IPV6_V6ONLY off: IPv4 as well
  } else if (host == "localhost") {
    host = "127.0.0.1";
  }
  SocketAddress address;
  if (!SocketAddress::Parse(host, port, &address)) return Malformed(text, "the host is not an IP address");
  return address;
}

}  // namespace portolan::net
