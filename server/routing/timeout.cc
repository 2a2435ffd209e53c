#include "server/routing/timeout.h"

#include <charconv>
#include <cstdint>

namespace portolan::routing {

std::optional<std::chrono::milliseconds> ParseTimeoutMs(std::string_view text) {
  constexpr int64_t kYear = int64_t{365} * 24 * 3600 * 1000;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value <= 0 || value > kYear)
    return std::nullopt;
  return std::chrono::milliseconds(value);
}

}  // namespace portolan::routing
