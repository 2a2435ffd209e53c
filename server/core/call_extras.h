#pragma once

// What few calls have. Internal to core/.

#include <google/protobuf/message.h>

#include <memory>

#include "server/core/call_chain.h"
#include "server/core/call_hooks.h"

namespace portolan::core {

struct CallExtras {
  std::shared_ptr<CallHooks> hooks;                     // null: no attempt had guardrails
  std::unique_ptr<CallChain> chain;                     // null: the operator has no middleware
  std::unique_ptr<google::protobuf::Message> replaced;  // what middleware have made of a typed request
};

// Those of the call, made if it has none yet.
inline CallExtras& ExtrasOf(CallState& call) {
  if (call.extras == nullptr) call.extras = std::make_shared<CallExtras>();
  return *call.extras;
}

}  // namespace portolan::core
