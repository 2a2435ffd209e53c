#pragma once

// Reads what the gateway itself needs to know (usage, finish reasons, an error) off an answer in the hub's
// JSON, whose bytes are relayed untouched. Checks on the way that the whole text is JSON.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "providers/provider.h"

namespace portolan::core {

using providers::TokenUsage;

// The choices of a stream seen so far, to tell whether each of them has finished. Indices past 63 share a
// bit.
struct ChoiceTracker {
  uint64_t seen = 0;
  uint64_t finished = 0;
  bool complete() const { return seen != 0 && seen == finished; }
};

struct ScanResult {
  bool is_object = false;     // a JSON object, whole and well formed
  bool has_error = false;     // a non-null member `error`
  bool has_content = false;   // a delta or text that a reader would see
  bool only_usage = false;    // usage, and neither choices nor an error
  std::string finish_reason;  // the last non-null one
};

// Scans one answer or one chunk. `usage` and `choices` are updated where the text tells something new.
ScanResult ScanAnswer(std::string_view json, TokenUsage* usage, ChoiceTracker* choices);

}  // namespace portolan::core
