#pragma once

// What commands have of the process that runs them. The program fills it in; this part knows nothing of the
// composition root.

#include <cstdio>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/base/secret.h"
#include "server/config/environment.h"

namespace portolan::cli {

// A gateway inside this process, for one command. Ends with this object.
class LocalGateway {
 public:
  virtual ~LocalGateway() = default;
  virtual std::string url() const = 0;    // `http://127.0.0.1:40123`
  virtual const Secret& key() const = 0;  // what callers have to present
};

struct Host {
  config::Environment environment;
  std::FILE* in = stdin;
  std::FILE* out = stdout;  // what was asked for
  std::FILE* err = stderr;  // problems and remarks
  // Runs a gateway with these flags of `portolan serve` until it is told to end; returns the exit status.
  std::function<int(std::span<const std::string_view> flags)> serve;
  // Starts a gateway for one command, set up by the environment and `config_file`; empty: the one that the
  // environment names, if any.
  std::function<absl::StatusOr<std::unique_ptr<LocalGateway>>(const std::string& config_file)> start_local;
};

}  // namespace portolan::cli
