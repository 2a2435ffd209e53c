#pragma once

// Fetches the media of a request for a provider that does not fetch them itself. Internal to core/.

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "providers/body_media.h"
#include "providers/media.h"
#include "server/core/call_state.h"

namespace portolan::core {

// How many a request may name, the bytes of each and of all together, and the time for each, redirects
// included.
inline constexpr size_t kMaxMedia = 20;
inline constexpr size_t kMaxMediaBytes = 20u << 20;
inline constexpr size_t kMaxAllMediaBytes = 50u << 20;
inline constexpr std::chrono::seconds kMediaTime{30};
inline constexpr int kMaxMediaRedirects = 3;

// What the request names in the provider's words, as it is about to be sent.
std::vector<providers::MediaReference> MediaOfRequest(const CallState& call,
                                                      const providers::BodyMedia& body);

// Puts what was fetched into the request as it is about to be sent. An error names the member.
std::optional<Error> PutMedia(CallState& call, const providers::BodyMedia& body);

// Adds those of `wanted` to call.media that are not there. They go over connections without credentials, only
// to addresses that callers may name (upstream::AddressPolicy), each redirect checked anew. An error names
// the member: 400 media_unavailable, 403 for a forbidden address, or what has ended the call.
net::Task<std::optional<Error>> FetchMedia(CallState& call, std::vector<providers::MediaReference> wanted);

}  // namespace portolan::core
