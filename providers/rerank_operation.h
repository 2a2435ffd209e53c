#pragma once

#include <string_view>

namespace portolan::providers::operation {
inline constexpr std::string_view kRerank = "rerank";
}  // namespace portolan::providers::operation
