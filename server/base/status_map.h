#pragma once

// The one table between HTTP statuses and gRPC codes; docs/errors.md shows it.

#include "absl/status/status.h"
#include "server/base/error.h"

namespace portolan {

// The gRPC code (absl's codes are gRPC's) of an error that leaves with `error.http_status`. Who is at fault
// counts: a key of the gateway's own that a provider refuses is not the caller's to mend.
absl::StatusCode RpcCode(const Error& error);

}  // namespace portolan
