#pragma once

// Configs as JSON, without their boring parts.

#include <string>
#include <vector>

namespace portolan::routing {

// A strategy over targets. `strategy` and `members` are more members of each, with a comma before them.
std::string Node(const std::string& mode, const std::vector<std::string>& targets,
                 const std::string& strategy = "", const std::string& members = "");

// A target of the provider echo.
std::string Leaf(const std::string& members = "");

// `,"retry":{…}`
std::string Retries(int attempts, const std::string& members = "");

// `statuses` is a JSON array, or empty for no list.
std::string Fallback(const std::vector<std::string>& targets, const std::string& statuses = "");

}  // namespace portolan::routing
