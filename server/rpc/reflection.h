#pragma once

// grpc.reflection.v1, and the same under its older name v1alpha (proto/grpc/reflection/v1): what grpcurl
// asks.

#include <memory>
#include <string>
#include <vector>

#include "server/rpc/acceptor.h"

namespace portolan::rpc {

// Adds reflection. `services` are the full names that it lists besides its own. What is asked for by name is
// looked for among all that is compiled in.
void AddReflection(std::vector<std::string> services, Acceptor& acceptor);

}  // namespace portolan::rpc
