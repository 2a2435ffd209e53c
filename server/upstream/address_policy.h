#pragma once

// Which addresses a host named in a request may resolve to: those of the public internet, and those that the
// operator allows.

#include <vector>

#include "server/base/address_rule.h"
#include "server/upstream/client.h"

namespace portolan::upstream {

// Returns a policy that refuses every address that is not globally routable unicast (RFC 6890's registries:
// private, shared, link-local, loopback, unspecified, multicast, documentation, reserved), the addresses of
// clouds' metadata services, and IPv6 forms that carry such an IPv4 address (mapped, compatible, NAT64,
// 6to4).
//
// `allow_loopback` permits 127.0.0.0/8 and ::1. Each rule of `allow` permits more: a network its addresses; a
// host name or a suffix whatever such hosts resolve to, link-local and metadata addresses excepted: those
// must be named as networks.
AddressPolicy MakeAddressPolicy(bool allow_loopback, std::vector<AddressRule> allow);

}  // namespace portolan::upstream
