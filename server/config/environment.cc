#include "server/config/environment.h"

#include <algorithm>
#include <utility>

#include "server/base/text.h"
#include "server/config/values.h"

namespace portolan::config {
namespace {

constexpr size_t kMaxSecret = 8192;

// The values of `ID:SECRET:TOKEN?`, joined likewise; nullopt if one that is needed is not set. One that is
// missing before another leaves its place empty, so that nobody takes the one for the other.
std::optional<std::string> ReadJoined(const Environment& environment, std::string_view names) {
  std::string joined;
  size_t colons = 0;  // that are due before the next value
  while (true) {
    const size_t end = std::min(names.find(':'), names.size());
    std::string name(names.substr(0, end));
    const bool optional = name.ends_with('?');
    if (optional) name.pop_back();
    const std::optional<std::string> value = ReadVariable(environment, name);
    if (!value && !optional) return std::nullopt;
    if (value) joined.append(std::exchange(colons, 0), ':').append(*value);
    if (end == names.size()) return joined;
    names.remove_prefix(end + 1);
    ++colons;
  }
}

}  // namespace

std::optional<std::string> ReadVariable(const Environment& environment, const std::string& name) {
  const char* const value = environment(name.c_str());
  if (value == nullptr) return std::nullopt;
  const std::string_view trimmed = TrimSpace(value);
  if (trimmed.empty()) return std::nullopt;
  return std::string(trimmed);
}

absl::StatusOr<Secret> CheckSecret(std::string_view variable, std::string_view text) {
  std::string key(text);
  const bool is_json = key.starts_with('{');
  // In JSON these stand between values only.
  if (is_json) std::erase_if(key, [](char c) { return c == '\n' || c == '\r' || c == '\t'; });
  // Behind the address of what hands out credentials (AWS's containers) stands a whole header: `Basic abcd`.
  const bool has_blanks =
      is_json || key.starts_with('/') || key.starts_with("http://") || key.starts_with("https://");
  const bool fit =
      std::all_of(key.begin(), key.end(), [&](char c) { return IsVisible(c) || (has_blanks && c == ' '); });
  if (fit && !key.empty() && key.size() <= kMaxSecret) return Secret(std::move(key));
  return absl::InvalidArgumentError(std::string(variable) +
                                    ": a key has 1 to 8192 visible ASCII characters and no blanks in it");
}

bool IsInQuotes(std::string_view text) {
  return text.size() > 1 && text.front() == text.back() &&
         (text.front() == '"' || text.front() == '\'' || text.front() == '`');
}

absl::StatusOr<std::vector<EnvironmentKey>> ReadEnvironmentKeys(std::span<const std::string_view> names,
                                                                const Environment& environment) {
  std::vector<EnvironmentKey> keys;
  for (const std::string_view name : names) {
    const std::optional<std::string> value = ReadJoined(environment, name);
    if (!value) continue;
    absl::StatusOr<Secret> key = CheckSecret(name, *value);
    if (!key.ok()) return key.status();
    keys.push_back({std::string(name), *std::move(key)});
  }
  return keys;
}

}  // namespace portolan::config
