#pragma once

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace portolan::guardrails {

// The JSON in a text: what stands in fenced blocks (``` or ```json), where that is JSON; else each whole
// object and array that is not within another, but a text that is JSON altogether is that one value. At most
// 100 values.
std::vector<nlohmann::json> FindJson(std::string_view text);

}  // namespace portolan::guardrails
