#pragma once

#include <array>
#include <chrono>

#include "server/telemetry/call_record.h"
#include "server/telemetry/json_line.h"
#include "server/telemetry/log_level.h"
#include "server/telemetry/log_writer.h"

namespace portolan::telemetry {

// Writes one JSON line a call, and at `debug` more while it runs. One a shard; belongs to its thread; never
// waits. Ring and threshold must outlive it.
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

  // A line at level `info` for a guardrail that has something to tell of a call whose own line is written.
  //
  //   {"ts":"2026-11-22T22:35:02.123Z","level":"info","msg":"guardrail","request_id":"…","guardrails":"…"}
  void WriteGuardrail(std::string_view request_id, std::string_view failed, std::string_view feedback) {
    WriteGuardrail(request_id, failed, feedback, std::chrono::system_clock::now());
  }
  void WriteGuardrail(std::string_view request_id, std::string_view failed, std::string_view feedback,
                      std::chrono::system_clock::time_point now);

  // A line at level `warn` for a middleware that did not answer, or not properly.
  //
  //   {"ts":"…","level":"warn","msg":"middleware","request_id":"…","middleware":"pii","hook":"request",
  //    "problem":"UNAVAILABLE"}
  void WriteMiddleware(std::string_view request_id, std::string_view name, std::string_view hook,
                       std::string_view problem) {
    WriteMiddleware(request_id, name, hook, problem, std::chrono::system_clock::now());
  }
  void WriteMiddleware(std::string_view request_id, std::string_view name, std::string_view hook,
                       std::string_view problem, std::chrono::system_clock::time_point now);

  // A line at level `debug` for one step of a call that is under way. `line` of BeginStep is good until the
  // next line of any kind is begun.
  //
  //   {"ts":"2026-11-22T22:35:02.123Z","level":"debug","msg":"wait","request_id":"…","wait_ms":750,…}
  bool TellsSteps() const { return threshold_.Passes(LogLevel::kDebug); }
  JsonLine BeginStep(std::string_view request_id, std::string_view step) {
    return BeginStep(request_id, step, std::chrono::system_clock::now());
  }
  JsonLine BeginStep(std::string_view request_id, std::string_view step,
                     std::chrono::system_clock::time_point now);
  void EndStep(JsonLine* line) { ring_.Append(line->Finish()); }

 private:
  LogRing& ring_;
  const LogThreshold& threshold_;
  TimestampFormatter timestamps_;
  std::array<char, 8192> buffer_;
};

}  // namespace portolan::telemetry
