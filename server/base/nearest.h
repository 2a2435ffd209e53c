#pragma once

#include <span>
#include <string_view>

namespace portolan {

// The one of `words` that `typed` was most likely meant to be: the first with the fewest characters to
// insert, delete or replace. Of a long `typed` only the first characters count. REQUIRES: words is not empty.
std::string_view Nearest(std::string_view typed, std::span<const std::string_view> words);

// The same, but only a word that is near: a third of the characters of the longer one may differ, the case of
// letters aside, or one is the beginning of the other. "" if there is none.
std::string_view NearWord(std::string_view typed, std::span<const std::string_view> words);

}  // namespace portolan
