#pragma once

#include <grpcpp/support/status.h>

#include "server/base/error.h"

namespace portolan::rpc {

// The gRPC status of `error`. Its code is that of status_map.h. Its details, a google.rpc.Status for
// grpc-status-details-bin, have an ErrorInfo (reason: the stable code; domain `portolan`; metadata: class,
// http_status, type, param, attempts, retryable, retry_after_ms, tried, upstream), a RetryInfo if a delay is
// known, and a BadRequest if a member of the request is at fault. They take at most 4 KB, as clients accept 8
// KB of metadata by default: longer texts are cut and end in `…`.
// https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto
grpc::Status ToGrpcStatus(const Error& error);

}  // namespace portolan::rpc
