#include "tests/support/upstream_log.h"

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

namespace portolan::test {

void LogSeen(const std::string& target, const std::string& body) {
  const char* const path = std::getenv("PORTOLAN_UPSTREAM_LOG");
  if (path == nullptr || body.empty()) return;
  const nlohmann::json line = {{"target", target}, {"body", body}};
  // In one piece: servers of a test are threads of their own.
  std::ofstream(path, std::ios::app) << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
                                            "\n";
}

}  // namespace portolan::test
