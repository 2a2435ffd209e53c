#pragma once

#include <memory>

#include "server/core/call.h"
#include "server/core/reply.h"
#include "server/net/task.h"

namespace portolan::core {

// What both fronts call. One per shard; a call stays on its shard.
class Service {
 public:
  virtual ~Service() = default;

  // Carries out one call and answers it through `sink`. `inbound` is consumed; `sink` must outlive the task.
  virtual net::Task<void> Handle(Inbound inbound, ReplySink& sink) = 0;
};

}  // namespace portolan::core
