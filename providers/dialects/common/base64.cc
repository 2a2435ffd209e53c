#include "providers/dialects/common/base64.h"

#include <algorithm>
#include <bit>
#include <cmath>
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

bool ReadBase64Floats(std::string_view text, std::vector<double>* values) {
  std::string bytes;
  if (!absl::Base64Unescape(absl::string_view(text.data(), text.size()), &bytes)) return false;
  if (bytes.empty() || bytes.size() % sizeof(float) != 0) return false;
  values->clear();
  values->reserve(bytes.size() / sizeof(float));
  for (size_t begin = 0; begin < bytes.size(); begin += sizeof(float)) {
    uint32_t bits = 0;
    for (size_t i = sizeof(float); i-- > 0;) bits = bits << 8 | static_cast<unsigned char>(bytes[begin + i]);
    const auto value = std::bit_cast<float>(bits);
    if (!std::isfinite(value)) return false;
    values->push_back(value);
  }
  return true;
}

}  // namespace portolan::providers
