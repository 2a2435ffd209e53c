#pragma once

// Answers rpcs at once, without a shard. Thread-safe.

#include <grpcpp/support/status.h>

#include "server/rpc/rpc.h"

namespace portolan::rpc {

// Ends the rpc with `status`. REQUIRES: it is not OK.
void Refuse(Arrival arrival, const grpc::Status& status);
// Ends the rpc with one message and OK.
void Answer(Arrival arrival, const google::protobuf::MessageLite& message);

// The status for 503 `too_many_calls`.
grpc::Status TooManyCalls();

}  // namespace portolan::rpc
