#pragma once

#include <string>

#include "portolan/config/v1/gateway_config.pb.h"
#include "server/middleware/settings.h"

namespace portolan::config {

// The settings of one middleware, without its secret headers. REQUIRES: `config` has passed CheckMiddleware.
middleware::Settings MiddlewareSettings(std::string name, const v1::MiddlewareConfig& config);

}  // namespace portolan::config
