#pragma once

#include <string>

#include "providers/catalog.h"

namespace portolan::config {

// What `portolan providers` prints: a line for each provider, with its dialect, base URL and the variables
// that may hold its key.
std::string ProviderLines(const providers::Catalog& catalog);

// The same with operations and options, and what is changed of requests, as the tables of docs/providers.md.
std::string ProviderTable(const providers::Catalog& catalog);

}  // namespace portolan::config
