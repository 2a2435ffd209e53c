#pragma once

#include "server/base/error.h"
#include "server/upstream/client.h"

namespace portolan::core {

// What a failed exchange means to the caller. kCancelled maps to 499, which is logged, never sent.
Error ToError(const upstream::Failure& failure);

}  // namespace portolan::core
