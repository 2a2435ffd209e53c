#pragma once

// How gRPC spells headers and addresses. Pure functions.

#include <string>
#include <string_view>

namespace portolan::rpc {

// Whether a header of this name may be sent as metadata. False for names that gRPC would refuse (not of
// [0-9a-z_.-]), its own (`grpc-…`), those of binary values (`…-bin`), and HTTP's framing headers
// (`content-type`, `connection` …).
bool FitForMetadata(std::string_view name);

// Whether `value` may be sent in metadata as it is.
bool IsPrintable(std::string_view value);

// Sets *out to `value` in a form that metadata may have: bytes outside printable ASCII become %XX, and if
// there are any such, so does `%`.
void SetMetadataValue(std::string_view value, std::string* out);

// Turns gRPC's name of a peer (`ipv4:127.0.0.1:50712`, `ipv6:%5B::1%5D:50712`, `unix:/run/x`) into what the
// log shows (`127.0.0.1:50712`, `[::1]:50712`, `unix:/run/x`).
std::string PeerAddress(std::string_view name);

}  // namespace portolan::rpc
