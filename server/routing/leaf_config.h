#pragma once

// The config object of x-portolan-config and x-portkey-config, as far as one target goes: a leaf, or an
// object whose `targets` holds exactly one.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/error.h"
#include "server/codec/splice.h"

namespace portolan::routing {

struct LeafConfig {
  std::string provider;
  std::string api_key;
  std::string custom_host;
  std::string index = "config";
  std::optional<std::chrono::milliseconds> request_timeout;
  std::optional<bool> strict_open_ai_compliance;
  std::vector<codec::Edit> override_params;                  // in order
  std::vector<std::pair<std::string, std::string>> options;  // other string members: options of the provider
  std::vector<std::string> ignored;                          // paths of known members without effect
};

// Fails with 400 invalid_config, the path of what is wrong in `param`.
std::optional<Error> ParseLeafConfig(std::string_view json, LeafConfig* out);

}  // namespace portolan::routing
