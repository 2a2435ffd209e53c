#pragma once

// Which addresses a host named in a request may resolve to: those of the public internet, and those that the
// operator allows.

#include <string>
#include <string_view>
#include <vector>

#include "server/upstream/client.h"

namespace portolan::upstream {

// Returns a policy that refuses every address that is not globally routable unicast (RFC 6890's registries:
// private, shared, link-local, loopback, unspecified, multicast, documentation, reserved), the addresses of
// clouds' metadata services, and IPv6 forms that carry such an IPv4 address (mapped, compatible, NAT64,
// 6to4).
//
// `allow_loopback` permits 127.0.0.0/8 and ::1. Each entry of `allow` permits more: a network (`10.1.0.0/16`,
// an address) permits its addresses; a host name (`llm.internal`) or a suffix (`.internal`) permits whatever
// such hosts resolve to, link-local and metadata addresses excepted: those must be named as networks. Entries
// that CheckAllowEntry refuses permit nothing.
AddressPolicy MakeAddressPolicy(bool allow_loopback, std::vector<std::string> allow);

// What is wrong with an entry of `allow`, for a person; empty if nothing is.
std::string CheckAllowEntry(std::string_view entry);

}  // namespace portolan::upstream
