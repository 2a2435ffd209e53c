#include "tests/conformance/request_log.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <utility>

namespace portolan::conformance {

void LogRowRequest(const std::string& provider, const std::string& target, const std::string& request) {
  constexpr std::array<std::pair<const char*, const char*>, 4> kOperations = {{{"/chat/completions", "chat"},
                                                                               {"/completions", "completion"},
                                                                               {"/embeddings", "embedding"},
                                                                               {"/rerank", "rerank"}}};
  const char* path = std::getenv("PORTOLAN_REQUEST_LOG");
  if (path == nullptr || (provider != "mistral-ai" && provider != "together-ai")) return;
  for (const auto& [end, operation] : kOperations) {
    if (!target.ends_with(end)) continue;
    // Line ends of JSON stand between its values only.
    std::string line = request;
    std::replace(line.begin(), line.end(), '\n', ' ');
    std::ofstream(path, std::ios::app) << "{\"" << provider << " " << operation << "\":" << line << "}\n";
    return;
  }
}

}  // namespace portolan::conformance
