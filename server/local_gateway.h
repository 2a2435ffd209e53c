#pragma once

// A gateway for one command of this process: on free ports of loopback, with a key of its own that nobody
// else knows, without TLS and as good as silent.

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/cli/host.h"
#include "server/config/environment.h"

namespace portolan {

// Starts one with what `environment` and the file say, for the rest. `config_file` may be empty: the one that
// the environment names counts then, if any. Fails with what is wrong, for the person at the terminal.
absl::StatusOr<std::unique_ptr<cli::LocalGateway>> StartLocalGateway(const std::string& config_file,
                                                                     const config::Environment& environment);

}  // namespace portolan
