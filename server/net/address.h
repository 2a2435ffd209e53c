#pragma once

// Socket addresses from text and as values to compare. SocketAddress itself is declared in socket.h.

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/base/ip.h"
#include "server/net/socket.h"

namespace portolan::net {

// An address to listen on, as ParseListenAddress (base/host.h) takes it: `HOST:PORT`, `[v6]:PORT` or `:PORT`.
// `localhost` is 127.0.0.1; no host means all addresses, of IPv4 too. The message of a failure holds the text
// and what is wrong with it.
absl::StatusOr<SocketAddress> ParseAddress(std::string_view text);

// The IP address; null if it is of another family, or none.
std::optional<IpBytes> IpOf(const SocketAddress& address);

}  // namespace portolan::net
