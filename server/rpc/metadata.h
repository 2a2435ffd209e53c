#pragma once

// How headers and addresses are spelt on gRPC's side.

#include <string>
#include <string_view>

namespace portolan::rpc {

// False for names that gRPC would refuse or that are its own: not of [0-9a-z_.-], `grpc-…`, `…-bin` (its
// values are binary), and what frames the message in HTTP (`content-type`, `connection` …).
bool FitForMetadata(std::string_view name);

// Whether `value` may stand in metadata as it is.
bool IsPrintable(std::string_view value);

// Sets `out` to `value` as it may stand in metadata: bytes outside printable ASCII, and `%` if there are any
// such, become %XX.
void SetMetadataValue(std::string_view value, std::string* out);

// gRPC's name of a peer (`ipv4:127.0.0.1:50712`, `ipv6:%5B::1%5D:50712`, `unix:/run/x`) as the log shows it
// (`127.0.0.1:50712`, `[::1]:50712`, `unix:/run/x`).
std::string PeerAddress(std::string_view name);

}  // namespace portolan::rpc
