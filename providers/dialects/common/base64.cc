#include "providers/dialects/common/base64.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

namespace portolan::providers {

std::string Base64Floats(std::span<const double> values) {
  constexpr double kMost = std::numeric_limits<float>::max();
  std::string bytes;
  bytes.reserve(values.size() * sizeof(float));
  for (const double value : values) {
    const auto bits = std::bit_cast<uint32_t>(static_cast<float>(std::clamp(value, -kMost, kMost)));
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift & 0xff);
  }
  return absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
}

}  // namespace portolan::providers
