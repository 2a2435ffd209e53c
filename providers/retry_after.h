#pragma once

// When a provider wants to be asked again, by the headers of its answer. Pure: "now" is the answer's own
// `date` header, so that the gateway's clock does not matter.

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "server/base/header.h"

namespace portolan::providers {

// How long the provider asks to wait: `retry-after-ms`, `x-ms-retry-after-ms` (milliseconds), `retry-after`
// (seconds, or an HTTP date relative to `date`). At most a year; nullopt if no header says so in a form that
// can be understood.
std::optional<std::chrono::milliseconds> RetryAfter(std::span<const HeaderView> headers);

// How long until every rate limit that is used up (`…-remaining` is 0) is reset, for a 429 that has no
// RetryAfter: `x-ratelimit-reset-requests: 6m0s`, `anthropic-ratelimit-tokens-reset: 2025-05-14T07:15:30Z`
// (relative to `date`). At most a year; nullopt if the headers do not say.
std::optional<std::chrono::milliseconds> RateLimitReset(std::span<const HeaderView> headers);

// Seconds since the epoch of a date in any of the three forms of RFC 9110, section 5.6.7; nullopt for
// anything else. A year of two digits is the one that is at most 50 years after that of `now`.
std::optional<int64_t> ParseHttpDate(std::string_view text, int64_t now);

// Seconds since the epoch of `2025-05-14T07:15:30Z` (RFC 3339), with or without a fraction (which is cut) or
// an offset; nullopt for anything else.
std::optional<int64_t> ParseTimestamp(std::string_view text);

}  // namespace portolan::providers
