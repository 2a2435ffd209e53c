#pragma once

// Lists of words, in the table of commands and in sentences. Internal to cli/.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::cli {

// `yaml|json` in its parts.
std::vector<std::string_view> Choices(std::string_view choices);

// `a, b and c`, with `last_joint` before the last.
std::string Enumerated(std::span<const std::string_view> words, std::string_view last_joint);

}  // namespace portolan::cli
