#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace portolan::routing {

// Reads a positive number of milliseconds, at most a year: no call lasts longer, and much more would overflow
// the clock. nullopt for anything else.
std::optional<std::chrono::milliseconds> ParseTimeoutMs(std::string_view text);

}  // namespace portolan::routing
