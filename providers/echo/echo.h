#pragma once

// The provider inside the process. It needs neither key nor network, and the same request always gets the
// same answer. For first steps, demos and load tests. README.md in this folder says what it answers and how
// model names are read.

#include <span>
#include <string_view>

#include "providers/local.h"

namespace portolan::providers {

const LocalProvider& Echo();

// The models it lists. It answers for any other as well, so that a call to another provider becomes one to
// echo by a change of the provider alone.
std::span<const std::string_view> EchoModels();

}  // namespace portolan::providers
