#pragma once

#include <cctype>
#include <string>
#include <string_view>

namespace portolan::faults {

// A name for GoogleTest: `UpstreamResetsInMidHead` of `Upstream` and `resets in mid-head`.
inline std::string TestName(std::string name, std::string_view sentence) {
  bool upper = true;
  for (const char c : sentence) {
    const bool letter = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (letter) name += upper ? static_cast<char>(std::toupper(c)) : c;
    upper = !letter;
  }
  return name;
}

}  // namespace portolan::faults
