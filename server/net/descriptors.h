#pragma once

// How many descriptors the process may have.

#include <cstdint>
#include <optional>

namespace portolan::net {

// Fewer than these are soon used up by a gateway: a call takes two, the caller's connection and the
// provider's.
inline constexpr uint64_t kFewDescriptors = 4096;

// Asks the system for as many descriptors as it lets this process ask for, and returns how many it may have
// then; UINT64_MAX: there is no limit. nullopt if the system does not tell.
std::optional<uint64_t> RaiseDescriptorLimit();

}  // namespace portolan::net
