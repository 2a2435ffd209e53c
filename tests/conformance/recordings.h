#pragma once

// Recorded exchanges with real providers, one JSON file each, kept beside the project and not in it. Tests
// that replay them say so clearly when they are absent.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::conformance {

struct Recording {
  std::string name;  // of the file, without `.json`
  nlohmann::json exchange;

  const nlohmann::json& request() const { return exchange.at("request").at("body"); }
  const nlohmann::json& response() const { return exchange.at("response").at("body"); }
  int status() const { return exchange.at("response").at("status").get<int>(); }
};

// The recordings of `provider` whose names start with `prefix`, by name. nullopt if there are no recordings
// on this machine: neither in the folder that PORTOLAN_RECORDINGS names nor in ../shared/recordings beside
// the project.
std::optional<std::vector<Recording>> LoadRecordings(std::string_view provider, std::string_view prefix);

}  // namespace portolan::conformance
