#pragma once

#include <map>
#include <string>

#include "server/config/environment.h"

namespace portolan::config {

// An environment with these variables and no others.
inline Environment FakeEnvironment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

}  // namespace portolan::config
