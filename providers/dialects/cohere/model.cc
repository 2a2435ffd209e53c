#include "providers/dialects/cohere/model.h"

#include <algorithm>
#include <array>

namespace portolan::providers::cohere {
namespace {

constexpr std::array<std::string_view, 8> kDoNotReason = {
    "c4ai-aya-",     "command-a-03-", "command-a-translate-", "command-a-vision-",
    "command-light", "command-r-",    "command-r7b-",         "command-nightly"};

}  // namespace

bool MayReason(std::string_view model) {
  if (model == "command" || model == "command-r") return false;
  return std::none_of(kDoNotReason.begin(), kDoNotReason.end(),
                      [&](std::string_view prefix) { return model.starts_with(prefix); });
}

}  // namespace portolan::providers::cohere
