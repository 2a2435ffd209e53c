#pragma once

#include <string>
#include <string_view>

#include "server/core/scan.h"

namespace portolan::core {

// Scans the chunks of one stream, with the same results as ScanAnswer. The chunks of a stream begin alike, as
// ids, model and so on come before `choices`: a beginning that equals the last chunk's is only compared, not
// scanned again.
class ChunkScanner {
 public:
  ScanResult Scan(std::string_view json, TokenUsage* usage, ChoiceTracker* choices);

 private:
  // The last chunk up to the value of `choices`: valid JSON so far, with nothing in it that the scan looks
  // for.
  std::string begin_;
};

}  // namespace portolan::core
