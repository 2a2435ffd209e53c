#pragma once

#include <array>
#include <chrono>

#include "server/telemetry/call_record.h"
#include "server/telemetry/json_line.h"
#include "server/telemetry/log_level.h"
#include "server/telemetry/log_writer.h"

namespace portolan::telemetry {

// Writes one JSON line a call. One a shard; belongs to its thread; never waits. Ring and threshold must
// outlive it.
//
//   {"ts":"2026-11-22T22:35:02.123Z","level":"info","msg":"call","request_id":"…","door":"http",…}
//
// The level is `error` if the gateway was at fault, `warn` if the provider was, else `info`.
// docs/configuration.md lists the members.
class AccessLog {
 public:
  AccessLog(LogRing& ring, const LogThreshold& threshold) : ring_(ring), threshold_(threshold) {}

  void Write(const CallRecord& call) { Write(call, std::chrono::system_clock::now()); }
  void Write(const CallRecord& call, std::chrono::system_clock::time_point now);

 private:
  LogRing& ring_;
  const LogThreshold& threshold_;
  TimestampFormatter timestamps_;
  std::array<char, 8192> buffer_;
};

}  // namespace portolan::telemetry
