#pragma once

// The one table between HTTP statuses and gRPC codes; docs/errors.md shows it.

#include "absl/status/status.h"
#include "server/base/error.h"

namespace portolan {

// The gRPC code (absl's codes are gRPC's) of `error`, by its http_status and its class: if a provider refuses
// the gateway's own key, the caller cannot mend that.
absl::StatusCode RpcCode(const Error& error);

}  // namespace portolan
