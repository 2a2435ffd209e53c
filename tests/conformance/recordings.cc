#include "tests/conformance/recordings.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace portolan::conformance {

std::optional<std::vector<Recording>> LoadRecordings(std::string_view provider, std::string_view prefix) {
  const char* named = std::getenv("PORTOLAN_RECORDINGS");
  const std::filesystem::path root = named != nullptr ? named : "../shared/recordings";
  const std::filesystem::path folder = root / provider;
  if (!std::filesystem::is_directory(folder)) return std::nullopt;
  std::vector<Recording> recordings;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() != ".json" || !name.starts_with(prefix)) continue;
    std::ifstream file(entry.path());
    recordings.push_back({name, nlohmann::json::parse(file)});
  }
  std::sort(recordings.begin(), recordings.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return recordings;
}

}  // namespace portolan::conformance
