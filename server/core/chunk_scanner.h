#pragma once

#include <string>
#include <string_view>

#include "server/core/scan.h"

namespace portolan::core {

// Scans the chunks of one stream, with the results of ScanAnswer. The chunks of a stream begin alike: ids,
// model and the like stand before `choices`. What begins a chunk as it began the last one is compared with it
// and not read again.
class ChunkScanner {
 public:
  ScanResult Scan(std::string_view json, TokenUsage* usage, ChoiceTracker* choices);

 private:
  // Of the last chunk, up to the value of `choices`: good JSON so far, with nothing in it that the scan looks
  // for.
  std::string begin_;
};

}  // namespace portolan::core
