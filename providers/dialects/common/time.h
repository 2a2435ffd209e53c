#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace portolan::providers {

// Seconds since 1970 of an RFC 3339 time in UTC, such as `2026-06-07T00:00:00.5Z`; nullopt for anything else.
std::optional<int64_t> ParseUtcTime(std::string_view text);

}  // namespace portolan::providers
