#include "tests/unit/routing/config_text.h"

namespace portolan::routing {

std::string Node(const std::string& mode, const std::vector<std::string>& targets,
                 const std::string& strategy, const std::string& members) {
  std::string text = R"({"strategy":{"mode":")" + mode + "\"" + strategy + "}" + members + R"(,"targets":[)";
  for (size_t i = 0; i < targets.size(); ++i) text.append(i == 0 ? "" : ",").append(targets[i]);
  return text + "]}";
}

std::string Leaf(const std::string& members) { return R"({"provider":"echo")" + members + "}"; }

std::string Retries(int attempts, const std::string& members) {
  return R"(,"retry":{"attempts":)" + std::to_string(attempts) + members + "}";
}

std::string Fallback(const std::vector<std::string>& targets, const std::string& statuses) {
  return Node("fallback", targets, statuses.empty() ? "" : R"(,"on_status_codes":)" + statuses);
}

}  // namespace portolan::routing
