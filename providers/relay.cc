#include "providers/relay.h"

#include <algorithm>
#include <array>

namespace portolan::providers {
namespace {

// https://platform.openai.com/docs/api-reference
constexpr std::array<std::string_view, 10> kFamilies = {
    "assistants",  "batches",  "containers", "conversations", "evals",
    "fine_tuning", "realtime", "threads",    "uploads",       "vector_stores"};

}  // namespace

std::string_view ObjectFamily(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  const std::string_view first = path.substr(0, path.find_first_of("/?"));
  const auto* const found = std::find(kFamilies.begin(), kFamilies.end(), first);
  return found == kFamilies.end() ? std::string_view() : *found;
}

std::vector<std::string> AllObjectFamilies() { return {kFamilies.begin(), kFamilies.end()}; }

}  // namespace portolan::providers
