#pragma once

// What commands have of the process that runs them. The program fills it in; this part knows nothing of the
// composition root.

#include <cstdio>
#include <functional>
#include <span>
#include <string_view>

#include "server/config/environment.h"

namespace portolan::cli {

struct Host {
  config::Environment environment;
  std::FILE* in = stdin;
  std::FILE* out = stdout;  // what was asked for
  std::FILE* err = stderr;  // problems and remarks
  // Runs a gateway with these flags of `portolan serve` until it is told to end; returns the exit status.
  std::function<int(std::span<const std::string_view> flags)> serve;
};

}  // namespace portolan::cli
