#pragma once

// The provider inside the process: it needs no key and no network and answers deterministically. For first
// steps, demos and load tests. README.md in this folder tells what it answers and how its model names are
// read.

#include <memory>
#include <span>
#include <string_view>

#include "providers/provider.h"

namespace portolan::providers {

std::unique_ptr<Provider> NewEchoProvider();

// The models it lists. Any name that starts with `echo` is taken.
std::span<const std::string_view> EchoModels();

}  // namespace portolan::providers
