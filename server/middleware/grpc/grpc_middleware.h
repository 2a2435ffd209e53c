#pragma once

// Middleware that is a gRPC service: portolan.middleware.v1.Middleware, as proto/portolan/middleware/v1 has
// it.

#include <memory>
#include <string>

#include "server/middleware/grpc/grpc_thread.h"
#include "server/middleware/middleware.h"
#include "server/middleware/settings.h"
#include "server/net/loop.h"

namespace portolan::middleware {

struct GrpcOptions {
  std::string pem_roots = {};  // whom TLS trusts; empty: the authorities that the system has
};

// The middleware at `settings.grpc`, for one shard. Connects, and asks it what it wants (Describe), at once;
// asks that anew before it is used again whenever an rpc has come to UNAVAILABLE. Objects for one address
// share their connections, but for those with TLS.
//
// gRPC watches the service's health (grpc.health.v1) where its server offers that: unless it is SERVING
// there, every rpc fails with UNAVAILABLE at once. Names in failures are gRPC's for its codes; what the
// service itself says of an error may quote the call and goes nowhere.
//
// Used on the shard's thread. Made there or before that runs, and destroyed there or when it has stopped:
// after the tasks and streams that came of it, before `loop` and `thread`. Nothing of other threads reaches
// the loop after that, and nothing here waits for them. `settings` is copied.
std::unique_ptr<Service> NewGrpcService(const Settings& settings, net::Loop& loop, GrpcThread& thread,
                                        const GrpcOptions& options = {});

}  // namespace portolan::middleware
