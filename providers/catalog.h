#pragma once

#include <vector>

#include "providers/provider.h"

namespace portolan::providers {

// What a gateway is built with: the dialects that it knows, one of which is the hub's, and providers that
// speak them. Immutable.
struct Catalog {
  std::vector<const Dialect*> dialects;
  std::vector<Provider> providers;
};

// All that is built in. Valid for ever.
const Catalog& BuiltInCatalog();

}  // namespace portolan::providers
