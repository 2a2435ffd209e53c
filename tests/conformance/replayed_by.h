#pragma once

// Which test replays a recording in the types of its operation. Whatever none does is relayed as it is
// (relayed_recordings_test.cc), so that no recording is left out unseen.

#include <optional>
#include <span>
#include <string_view>

#include "tests/conformance/replay.h"
#include "tests/conformance/ways.h"

namespace portolan::conformance {

// The recordings of a folder whose names begin so, and the file of the test that loads them.
struct TypedReplay {
  std::string_view folder;
  std::string_view prefix;
  std::string_view file;
};
std::span<const TypedReplay> TypedReplays();

// The operation of the gateway's own dialect that a recording is of, by its path, whoever the provider;
// nullopt: none of those that replay_test.cc replays.
std::optional<Endpoint> EndpointOf(const Replay& replay);

// The file of the test that replays it in its types; empty: none does.
std::string_view ReplayedBy(const Replay& replay);

}  // namespace portolan::conformance
