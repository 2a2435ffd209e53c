#pragma once

// grpc.reflection.v1, also under its older name v1alpha (proto/grpc/reflection/v1), which grpcurl asks.

#include <memory>
#include <string>
#include <vector>

#include "server/rpc/acceptor.h"

namespace portolan::rpc {

// Adds the rpcs of reflection. `services` has the full names that it lists besides its own. Names that are
// asked for are looked up among all descriptors compiled in.
void AddReflection(std::vector<std::string> services, Acceptor& acceptor);

}  // namespace portolan::rpc
