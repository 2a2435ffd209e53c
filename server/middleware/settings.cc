#include "server/middleware/settings.h"

#include <algorithm>
#include <array>

namespace portolan::middleware {
namespace {

constexpr std::array<std::string_view, kHooks> kNames = {"request", "attempt", "response", "chunk", "end"};

}  // namespace

std::string_view NameOf(Hook hook) { return kNames[static_cast<size_t>(hook)]; }

std::optional<Hook> HookOf(std::string_view name) {
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Hook>(found - kNames.begin());
}

}  // namespace portolan::middleware
