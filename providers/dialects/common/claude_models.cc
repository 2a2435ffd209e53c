#include "providers/dialects/common/claude_models.h"

namespace portolan::providers {
namespace {

using Thinking = ClaudeTraits::Thinking;

// Major and minor version as `major * 100 + minor`; 0 if the name has none.
int VersionOf(std::string_view name) {
  int numbers[2] = {0, 0};
  int found = 0;
  for (size_t i = 0; i < name.size() && found < 2;) {
    if (name[i] < '0' || name[i] > '9') {
      // A version's two numbers stand together: `sonnet-4-v1` is 4.0.
      if (found == 1 && name[i] != '-' && name[i] != '.') break;
      ++i;
      continue;
    }
    int value = 0;
    size_t digits = 0;
    for (; i < name.size() && name[i] >= '0' && name[i] <= '9'; ++i, ++digits) {
      if (digits < 3) value = value * 10 + (name[i] - '0');
    }
    if (digits > 2) break;  // a date
    numbers[found++] = value;
  }
  return numbers[0] * 100 + numbers[1];
}

}  // namespace

ClaudeTraits ClaudeTraitsOf(std::string_view model) {
  constexpr std::string_view kPrefix = "claude-";
  const size_t at = model.find(kPrefix);
  if (at == std::string_view::npos) return {};
  const std::string_view name = model.substr(at + kPrefix.size());
  const bool opus = name.find("opus") != std::string_view::npos;
  const int version = VersionOf(name);

  ClaudeTraits traits;
  traits.version = version;
  traits.max_output_tokens = 128000;
  traits.thinking = Thinking::kDefault;
  traits.sampling = false;
  traits.system_in_place = true;
  if (version == 0 || version >= 500) return traits;  // no version: a preview, newer than any of those below

  traits.system_in_place = version >= 408;
  traits.thinking = Thinking::kAdaptive;
  if (version >= 407) return traits;

  traits.sampling = true;
  traits.effort_xhigh = false;
  traits.one_of_sampling = version >= 401;
  if (version >= 406) return traits;

  traits.effort_max = false;
  traits.effort = version >= 405 && opus;
  traits.thinking = version >= 307 ? Thinking::kBudget : Thinking::kNone;
  if (version >= 307) {
    traits.max_output_tokens = opus && version < 405 ? 32000 : 64000;
  } else {
    traits.max_output_tokens = version >= 305 ? 8192 : 4096;
  }
  return traits;
}

}  // namespace portolan::providers
