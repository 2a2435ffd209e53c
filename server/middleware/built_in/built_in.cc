#include "server/middleware/built_in/built_in.h"

#include <algorithm>
#include <array>

#include "server/middleware/built_in/user_of_caller.h"

namespace portolan::middleware {
namespace {

constexpr std::array kAll = {
    BuiltIn{"user_of_caller",
            "tells providers who calls: `user` (at `/v1/messages` `metadata.user_id`) is the name of the "
            "caller's key, unless the request says it itself",
            NewUserOfCaller},
};

}  // namespace

std::span<const BuiltIn> BuiltIns() { return kAll; }

const BuiltIn* FindBuiltIn(std::string_view name) {
  const auto* const found =
      std::find_if(kAll.begin(), kAll.end(), [&](const BuiltIn& one) { return one.name == name; });
  return found == kAll.end() ? nullptr : found;
}

}  // namespace portolan::middleware
