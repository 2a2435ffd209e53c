#pragma once

// What the gateway takes from its environment. Reading is injected, so that tests need not touch the
// process's own.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/base/secret.h"

namespace portolan::config {

// The value of a variable, nullptr if it is not set: std::getenv, or a test's table.
using Environment = std::function<const char*(const char* name)>;

// The value without blanks and line ends around it; nothing if it is not set or empty then.
std::optional<std::string> ReadVariable(const Environment& environment, const std::string& name);

// A secret fit for a header: visible ASCII, at most 8 KB. Fails with the variable's name, never its value.
absl::StatusOr<Secret> CheckSecret(std::string_view variable, std::string_view text);

// Begins and ends with the same quote character: most likely a shell, or a file of variables, was to take
// them off and did not.
bool IsInQuotes(std::string_view text);

struct EnvironmentKey {
  std::string variable;
  Secret key;
};

// The keys held by the variables `names` (a provider's, in order of preference): those that are set, in this
// order. Fails with the name of the variable whose value cannot be a key.
absl::StatusOr<std::vector<EnvironmentKey>> ReadEnvironmentKeys(std::span<const std::string_view> names,
                                                                const Environment& environment);

}  // namespace portolan::config
