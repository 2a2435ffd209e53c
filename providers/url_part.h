#pragma once

#include <cstddef>
#include <string_view>

namespace portolan::providers {

// What an option may be that stands in a base URL. Everything else could lead to another host, and is
// refused before a URL is made. Whatever the form says, a part begins and ends with a letter or digit, and
// has no two dots in a row.
struct UrlPart {
  std::string_view characters = "A-Za-z0-9_-";  // as in a regular expression's brackets; a `-` stands last
  size_t least = 1;                             // characters
  size_t most = 128;
  std::string_view endings = {};  // separated by `|`: it ends in one of them; empty: in anything
  std::string_view rule = "letters, digits, - and _ only";  // the same for people
};

bool Fits(const UrlPart& form, std::string_view value);

}  // namespace portolan::providers
