#pragma once

// The providers whose keys the environment holds. Names only: no value leaves this. Internal to cli/.

#include <string>
#include <vector>

#include "providers/catalog.h"
#include "server/config/environment.h"

namespace portolan::cli {

struct FoundKey {
  const providers::Provider* provider = nullptr;
  std::vector<std::string> variables;  // those that are set, of the first choice that is there as a whole
  bool is_file = false;                // the variable names a file that holds the key
  std::string problem = {};            // why the value cannot be a key; empty: it can
};

// In the catalog's order. What `portolan serve` would take is found here, by the same rules.
std::vector<FoundKey> FindKeys(const providers::Catalog& catalog, const config::Environment& environment);

}  // namespace portolan::cli
