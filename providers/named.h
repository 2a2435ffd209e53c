#pragma once

#include <memory>
#include <string>

#include "providers/provider.h"

namespace portolan::providers {

// Makes a provider of the operator's own. It speaks the dialect of `dialect`, which must outlive it, but has
// its own name and address, and no environment variables that could hold its key. `stream_usage` is its
// Provider::takes_stream_options.
std::unique_ptr<Provider> NewNamedProvider(std::string name, std::string base_url, const Provider& dialect,
                                           bool stream_usage = false);

}  // namespace portolan::providers
