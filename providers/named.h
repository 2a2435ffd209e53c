#pragma once

#include <memory>
#include <string>

#include "providers/provider.h"

namespace portolan::providers {

// A provider of the operator's own: it speaks the dialect of `dialect` in all, but has its own name and
// address, and no variables that could hold its key. `dialect` must outlive it. `stream_usage`: its streams
// can be asked for their usage, see Provider::takes_stream_options.
std::unique_ptr<Provider> NewNamedProvider(std::string name, std::string base_url, const Provider& dialect,
                                           bool stream_usage = false);

}  // namespace portolan::providers
