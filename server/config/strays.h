#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/environment.h"

namespace portolan::config {

// A variable that looks as if it were the gateway's and means nothing to it.
struct StrayVariable {
  std::string_view name;
  std::string_view nearest;  // the variable that was most likely meant
};

// Those of `names` that begin with `PORTOLAN_` and are neither a setting's nor among `others`, variables that
// mean something besides. What Kubernetes sets for a service that is called portolan, or portolan-something,
// does not count: PORTOLAN_SERVICE_HOST, PORTOLAN_GRPC_PORT_50051_TCP_ADDR. The result's views are of the
// arguments.
std::vector<StrayVariable> StrayVariables(std::span<const std::string> names,
                                          std::span<const std::string_view> others,
                                          const Environment& environment);

// The variable holds a key in quotes or, being a comma list, one of its keys or the whole list is.
bool HoldsQuotedKey(const Environment& environment, const std::string& variable);

}  // namespace portolan::config
