#pragma once

// The paths of the hub's own chat and completions, written out by hand: every relayed answer and chunk goes
// through them, and the walk along a tree of paths takes half as many instructions again. scan.h chooses; a
// test holds that both say the same. Internal to core/.

#include <cstddef>
#include <string_view>

#include "server/core/scan.h"

namespace portolan::core {

// *choices_offset: where the value of `choices` begins, if nothing before it was looked for; else 0.
ScanResult ScanHub(std::string_view json, int max_depth, TokenUsage* usage, ChoiceTracker* choices,
                   size_t* choices_offset);
// The text is the rest of an object, from the value of its member `choices` on.
ScanResult ScanHubFromChoices(std::string_view json, int max_depth, TokenUsage* usage,
                              ChoiceTracker* choices);

}  // namespace portolan::core
