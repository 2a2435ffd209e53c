#pragma once

// What the gateway takes from its environment. How a variable is read is passed in, so that tests need not
// touch the environment of the process.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/base/secret.h"

namespace portolan::config {

// Returns the value of a variable, nullptr if it is not set: std::getenv, or a test's table.
using Environment = std::function<const char*(const char* name)>;

// The value of a variable without the blanks and line ends around it; nullopt if it is not set or nothing
// remains.
std::optional<std::string> ReadVariable(const Environment& environment, const std::string& name);

// Makes a secret of `text` if it is fit for a header: visible ASCII, at most 8 KB. A JSON object (of a
// service account) may have blanks and line ends; it is made one line. What begins with an address
// (`/…`, `http://…`, `https://…`) may have blanks. An error has the variable's name, never its value.
absl::StatusOr<Secret> CheckSecret(std::string_view variable, std::string_view text);

// Whether `text` begins and ends with the same quote character: most likely somebody expected a shell, or the
// reader of a file of variables, to take them off.
bool IsInQuotes(std::string_view text);

struct EnvironmentKey {
  std::string variable;
  Secret key;
};

// The keys in those of the variables `names` that are set, in this order, which is one of preference. A name
// may be several (`ID:SECRET:TOKEN?`), whose values are joined by colons; those with a `?` may be missing.
// Fails, naming the variable, if a value cannot be a key.
absl::StatusOr<std::vector<EnvironmentKey>> ReadEnvironmentKeys(std::span<const std::string_view> names,
                                                                const Environment& environment);

}  // namespace portolan::config
