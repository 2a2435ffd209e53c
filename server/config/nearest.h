#pragma once

#include <span>
#include <string_view>

namespace portolan::config {

// The one of `words` that `typed` was most likely meant to be: the first with the fewest characters to
// insert, delete or replace. Of a long `typed` only the first characters count. REQUIRES: words is not empty.
std::string_view Nearest(std::string_view typed, std::span<const std::string_view> words);

}  // namespace portolan::config
