#pragma once

// What may be relayed.

#include <optional>
#include <string_view>

#include "server/base/error.h"

namespace portolan {

// The root of the APIs that are relayed, which stands in the base URLs of providers: `/v1/`.
inline constexpr std::string_view kRelayRoot = "/v1/";
// The methods that are relayed, for people and for the header `allow`.
inline constexpr std::string_view kRelayedMethods = "GET, HEAD, POST, PUT, PATCH, DELETE";

// Whether a path is below the root of the APIs that are relayed. A base URL with a `/v1` too many reaches
// nobody's API.
bool IsRelayPath(std::string_view path);

// What is wrong with a call of this method and path (with or without its query): 404 for one that is not
// below the root, 405 for a method that is not relayed, 400 for a path with segments of dots or characters
// that no path has. nullopt: nothing.
std::optional<Error> CheckRelay(std::string_view method, std::string_view path);

}  // namespace portolan
