#pragma once

#include <span>
#include <string_view>

namespace portolan::config {

// The one of `words` that `typed` was most likely meant to be: with the fewest characters to insert, delete
// or replace; the first of several. REQUIRES: words is not empty. Only the first characters of a long `typed`
// count.
std::string_view Nearest(std::string_view typed, std::span<const std::string_view> words);

}  // namespace portolan::config
