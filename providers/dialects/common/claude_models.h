#pragma once

// What Claude models take, wherever they are served, as far as a translation has to know.

#include <cstdint>
#include <string_view>

namespace portolan::providers {

struct ClaudeTraits {
  enum class Thinking : uint8_t {
    kNone,      // cannot
    kBudget,    // when told so with a budget
    kAdaptive,  // when told so, as much as it likes
    kDefault,   // unless told not to
  };
  int version = 0;  // 405 is 4.5; 0: the name has none, as those of previews
  int64_t max_output_tokens = 8192;
  Thinking thinking = Thinking::kAdaptive;
  bool effort = true;            // output_config.effort, from `low` to `high`
  bool effort_xhigh = true;      // and `xhigh`
  bool effort_max = true;        // and `max`
  bool sampling = true;          // temperature, top_p and top_k
  bool one_of_sampling = false;  // temperature or top_p, not both
  bool system_in_place = false;  // messages of role `system` inside the conversation
};

// By the model's name: `claude-FAMILY-MAJOR-MINOR`, older `claude-MAJOR-MINOR-FAMILY`, with or without a
// date, with any prefix. Names that are not Claude's (other makers speak this dialect too) get the defaults
// above. Source: the `capabilities` that GET /v1/models reported in 2026-08, and the SDK's changelog.
ClaudeTraits ClaudeTraitsOf(std::string_view model);

}  // namespace portolan::providers
