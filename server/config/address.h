#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace portolan::config {

// The parts of `HOST:PORT`, `[v6]:PORT` or `:PORT` (all addresses). HOST is an IP literal or `localhost`.
struct HostPort {
  std::string host;  // without brackets; empty: all addresses
  uint16_t port = 0;
};

// False, with the reason in *problem, if `text` is no address to listen on.
bool ParseHostPort(std::string_view text, HostPort* result, std::string* problem);

// True if only this machine can reach the address: `localhost`, 127.0.0.0/8, ::1. False for what is no
// address.
bool IsLoopbackAddress(std::string_view text);

// True for an IPv4 or IPv6 literal (without brackets).
bool IsIpLiteral(std::string_view text);

// Checks one --allow-upstream rule: an address or CIDR (`10.0.0.0/8`, `fd00::/8`), a host name
// (`llm.internal`) or a suffix of names (`.svc.cluster.local`).
bool IsUpstreamRule(std::string_view text, std::string* problem);

// Letters, digits, `-`, `_` and dots that separate labels of at most 63 characters.
bool IsHostName(std::string_view text);

}  // namespace portolan::config
