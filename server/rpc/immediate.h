#pragma once

// Rpcs that are answered at once, without a shard.

#include <grpcpp/support/status.h>

#include "server/rpc/rpc.h"

namespace portolan::rpc {

// Ends the rpc with `status`, which is not OK.
void Refuse(Arrival arrival, const grpc::Status& status);
// Ends it with OK and one message.
void Answer(Arrival arrival, const google::protobuf::MessageLite& message);

// 503 `too_many_calls`.
grpc::Status TooManyCalls();

}  // namespace portolan::rpc
