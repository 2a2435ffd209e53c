#include "server/telemetry/access_log.h"

namespace portolan::telemetry {
namespace {

LogLevel LevelOf(const CallRecord& call) {
  if (call.error == nullptr) return LogLevel::kInfo;
  switch (call.error->error_class) {
    case ErrorClass::kGateway:
      return LogLevel::kError;
    case ErrorClass::kProvider:
      return LogLevel::kWarn;
    case ErrorClass::kCaller:
    case ErrorClass::kPolicy:
      break;
  }
  return LogLevel::kInfo;
}

void PutText(std::string_view key, std::string_view value, JsonLine* line) {
  if (!value.empty()) line->Text(key, value);
}

void PutCount(std::string_view key, uint64_t value, JsonLine* line) {
  if (value != 0) line->Unsigned(key, value);
}

void PutMillis(std::string_view key, std::chrono::nanoseconds value, JsonLine* line) {
  if (value.count() >= 0) line->Millis(key, value);
}

void PutOutcome(const CallRecord& call, JsonLine* line) {
  line->Integer("status", call.status);
  if (call.grpc_status >= 0) line->Integer("grpc_status", call.grpc_status);
  if (call.error != nullptr) {
    line->Plain("error_class", ToString(call.error->error_class));
    PutText("error_code", call.error->code, line);
  }
  PutText("finish", call.finish, line);
}

void PutUpstream(const CallRecord& call, JsonLine* line) {
  PutText("provider", call.provider, line);
  PutText("model", call.model, line);
  PutText("target", call.target, line);
  if (call.attempts > 0) line->Integer("attempts", call.attempts);
  if (call.upstream_status > 0) line->Integer("upstream_status", call.upstream_status);
  PutText("upstream_request_id", call.upstream_request_id, line);
}

}  // namespace

void AccessLog::Write(const CallRecord& call, std::chrono::system_clock::time_point now) {
  const LogLevel level = LevelOf(call);
  if (level > threshold_) return;
  char timestamp[TimestampFormatter::kLength];
  timestamps_.Format(now, timestamp);
  JsonLine line(buffer_, {timestamp, sizeof timestamp}, level);
  line.Plain("msg", "call");
  // What a short buffer must not lose comes first.
  PutOutcome(call, &line);
  PutText("request_id", call.request_id, &line);
  PutText("trace_id", call.trace_id, &line);
  line.Plain("door", ToString(call.door));
  PutText("route", call.route, &line);
  PutText("method", call.method, &line);
  PutText("peer", call.peer, &line);
  if (call.stream) line.Bool("stream", true);
  PutUpstream(call, &line);
  line.Unsigned("bytes_in", call.bytes_in);
  line.Unsigned("bytes_out", call.bytes_out);
  PutCount("tokens_input", call.tokens.input, &line);
  PutCount("tokens_output", call.tokens.output, &line);
  PutCount("tokens_cached", call.tokens.cached, &line);
  PutCount("tokens_reasoning", call.tokens.reasoning, &line);
  PutMillis("duration_ms", call.duration, &line);
  PutMillis("upstream_ms", call.upstream, &line);
  PutMillis("ttft_ms", call.time_to_first_token, &line);
  ring_.Append(line.Finish());
}

}  // namespace portolan::telemetry
