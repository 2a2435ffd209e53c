#pragma once

#include <vector>

#include "providers/provider.h"

namespace portolan::providers {

// The built-in providers. To add one that speaks a known dialect, add its row here and its line to
// docs/providers.md.
std::vector<Provider> BuiltInRows();

}  // namespace portolan::providers
