#pragma once

// The commands `portolan check`, `portolan config print` and `portolan config schema`. They return what is to
// be written.

#include <string>

#include "server/config/environment.h"

namespace portolan::config {

struct CommandResult {
  int exit_status = 0;
  std::string out;  // for stdout
  std::string err;  // for stderr
};

// Checks the file and reports every problem. With `resolve` the variables and files that it refers to are
// looked up too; without, a machine that has no secrets can check it.
CommandResult CheckCommand(const std::string& path, bool resolve, const Environment& environment);
// Prints the file with all defaults filled in, as YAML or JSON.
CommandResult PrintCommand(const std::string& path, bool json);
// Prints the JSON Schema of config files.
CommandResult SchemaCommand();

}  // namespace portolan::config
