#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/environment.h"

namespace portolan::config {

// A variable that looks like one of the gateway's but means nothing to it.
struct StrayVariable {
  std::string_view name;
  std::string_view nearest;  // the variable that was most likely meant
};

// Those of `names` that begin with `PORTOLAN_`, belong to no setting, and are not among `others`, which lists
// further variables that mean something. The variables that Kubernetes sets for a service called portolan, or
// portolan-something, do not count: PORTOLAN_SERVICE_HOST, PORTOLAN_GRPC_PORT_50051_TCP_ADDR. The views in
// the result point into `names`, or to static text.
std::vector<StrayVariable> StrayVariables(std::span<const std::string> names,
                                          std::span<const std::string_view> others,
                                          const Environment& environment);

// Whether the variable holds a key in quotes. It may be a comma list: then whether the list, or a key in it,
// is in quotes.
bool HoldsQuotedKey(const Environment& environment, const std::string& variable);

}  // namespace portolan::config
