#pragma once

#include <grpcpp/support/status.h>

#include "server/base/error.h"

namespace portolan::rpc {

// The status of `error`: code by status_map.h, and in grpc-status-details-bin a google.rpc.Status with
// ErrorInfo (reason: the stable code; domain `portolan`; metadata: class, http_status, type, param, attempts,
// retryable, retry_after_ms, tried, upstream), RetryInfo if a delay is known, and BadRequest if a member of
// the request is at fault. The details take at most 4 KB, so that they fit the 8 KB of metadata that clients
// accept by default: longer texts are cut and end in `…`.
// https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto
grpc::Status ToGrpcStatus(const Error& error);

}  // namespace portolan::rpc
