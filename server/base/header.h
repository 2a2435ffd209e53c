#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace portolan {

// A header or metadata entry that points into somebody else's bytes. `name` is lower case.
struct HeaderView {
  std::string_view name;
  std::string_view value;
};

// A header that owns its bytes. `name` is lower case.
struct HeaderField {
  std::string name;
  std::string value;
};

// The value of the first header called `name` (lower case).
inline std::optional<std::string_view> FindHeader(std::span<const HeaderView> headers, std::string_view name) {
  for (const HeaderView& header : headers) {
    if (header.name == name) return header.value;
  }
  return std::nullopt;
}

}  // namespace portolan
