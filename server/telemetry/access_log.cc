#include "server/telemetry/access_log.h"

namespace portolan::telemetry {
namespace {

constexpr JsonKey kStatus("status");
constexpr JsonKey kGrpcStatus("grpc_status");
constexpr JsonKey kErrorClass("error_class");
constexpr JsonKey kErrorCode("error_code");
constexpr JsonKey kLimit("limit");
constexpr JsonKey kLimitOwner("limit_owner");
constexpr JsonKey kLimitMs("limit_ms");
constexpr JsonKey kFinish("finish");
constexpr JsonKey kProvider("provider");
constexpr JsonKey kModel("model");
constexpr JsonKey kTarget("target");
constexpr JsonKey kAttempts("attempts");
constexpr JsonKey kResends("resends");
constexpr JsonKey kReshaped("reshaped");
constexpr JsonKey kCaller("caller");
constexpr JsonKey kConfig("config");
constexpr JsonKey kOption("option");
constexpr JsonKey kTried("tried");
constexpr JsonKey kDecisions("decisions");
constexpr JsonKey kGuardrails("guardrails");
constexpr JsonKey kFeedback("feedback");
constexpr JsonKey kMiddleware("middleware");
constexpr JsonKey kMiddlewareMs("middleware_ms");
constexpr JsonKey kHook("hook");
constexpr JsonKey kProblem("problem");
constexpr JsonKey kUpstreamStatus("upstream_status");
constexpr JsonKey kUpstreamRequestId("upstream_request_id");
constexpr JsonKey kMsg("msg");
constexpr JsonKey kRequestId("request_id");
constexpr JsonKey kTraceId("trace_id");
constexpr JsonKey kDoor("door");
constexpr JsonKey kRoute("route");
constexpr JsonKey kPath("path");
constexpr JsonKey kMethod("method");
constexpr JsonKey kPeer("peer");
constexpr JsonKey kClient("client");
constexpr JsonKey kStream("stream");
constexpr JsonKey kBytesIn("bytes_in");
constexpr JsonKey kBytesOut("bytes_out");
constexpr JsonKey kTokensInput("tokens_input");
constexpr JsonKey kTokensOutput("tokens_output");
constexpr JsonKey kTokensCached("tokens_cached");
constexpr JsonKey kTokensReasoning("tokens_reasoning");
constexpr JsonKey kDurationMs("duration_ms");
constexpr JsonKey kUpstreamMs("upstream_ms");
constexpr JsonKey kTtftMs("ttft_ms");

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

void PutText(const JsonKey& key, std::string_view value, JsonLine* line) {
  if (!value.empty()) line->Text(key, value);
}

void PutCount(const JsonKey& key, uint64_t value, JsonLine* line) {
  if (value != 0) line->Unsigned(key, value);
}

void PutMillis(const JsonKey& key, std::chrono::nanoseconds value, JsonLine* line) {
  if (value.count() >= 0) line->Millis(key, value);
}

void PutOutcome(const CallRecord& call, JsonLine* line) {
  line->Integer(kStatus, call.status);
  if (call.grpc_status >= 0) line->Integer(kGrpcStatus, call.grpc_status);
  if (call.error != nullptr) {
    line->Plain(kErrorClass, ToString(call.error->error_class));
    PutText(kErrorCode, call.error->code, line);
    if (call.error->limit) {
      line->Plain(kLimit, call.error->limit->name);
      line->Plain(kLimitOwner, call.error->limit->owner);
      line->Integer(kLimitMs, call.error->limit->length.count());
    }
  }
  PutText(kFinish, call.finish, line);
}

void PutUpstream(const CallRecord& call, JsonLine* line) {
  PutText(kProvider, call.provider, line);
  PutText(kModel, call.model, line);
  PutText(kTarget, call.target, line);
  if (call.attempts > 0) line->Integer(kAttempts, call.attempts);
  if (call.resends > 0) line->Integer(kResends, call.resends);
  if (call.upstream_status > 0) line->Integer(kUpstreamStatus, call.upstream_status);
  PutText(kUpstreamRequestId, call.upstream_request_id, line);
  PutText(kConfig, call.config, line);
  PutText(kOption, call.option, line);
  PutText(kTried, call.tried, line);
  PutText(kDecisions, call.decisions, line);
  PutText(kGuardrails, call.guardrails, line);
  PutText(kFeedback, call.feedback, line);
  PutText(kMiddleware, call.middleware, line);
  if (call.middleware_ms >= 0) line->Integer(kMiddlewareMs, call.middleware_ms);
}

}  // namespace

void AccessLog::Write(const CallRecord& call, std::chrono::system_clock::time_point now) {
  const LogLevel level = LevelOf(call);
  if (!threshold_.Passes(level)) return;
  char timestamp[TimestampFormatter::kLength];
  timestamps_.Format(now, timestamp);
  JsonLine line(buffer_, {timestamp, sizeof timestamp}, level);
  line.Plain(kMsg, "call");
  // What a short buffer must not lose comes first.
  PutOutcome(call, &line);
  PutText(kRequestId, call.request_id, &line);
  PutText(kTraceId, call.trace_id, &line);
  line.Plain(kDoor, ToString(call.door));
  PutText(kRoute, call.route, &line);
  PutText(kPath, call.path, &line);
  PutText(kMethod, call.method, &line);
  PutText(kPeer, call.peer, &line);
  PutText(kClient, call.client, &line);
  PutText(kCaller, call.caller, &line);
  if (call.stream) line.Bool(kStream, true);
  PutText(kReshaped, call.reshaped, &line);
  PutUpstream(call, &line);
  line.Unsigned(kBytesIn, call.bytes_in);
  line.Unsigned(kBytesOut, call.bytes_out);
  PutCount(kTokensInput, call.tokens.input, &line);
  PutCount(kTokensOutput, call.tokens.output, &line);
  PutCount(kTokensCached, call.tokens.cached, &line);
  PutCount(kTokensReasoning, call.tokens.reasoning, &line);
  PutMillis(kDurationMs, call.duration, &line);
  PutMillis(kUpstreamMs, call.upstream, &line);
  PutMillis(kTtftMs, call.time_to_first_token, &line);
  ring_.Append(line.Finish());
}

void AccessLog::WriteMiddleware(std::string_view request_id, std::string_view name, std::string_view hook,
                                std::string_view problem, std::chrono::system_clock::time_point now) {
  if (!threshold_.Passes(LogLevel::kWarn)) return;
  char timestamp[TimestampFormatter::kLength];
  timestamps_.Format(now, timestamp);
  JsonLine line(buffer_, {timestamp, sizeof timestamp}, LogLevel::kWarn);
  line.Plain(kMsg, "middleware");
  PutText(kRequestId, request_id, &line);
  PutText(kMiddleware, name, &line);
  PutText(kHook, hook, &line);
  PutText(kProblem, problem, &line);
  ring_.Append(line.Finish());
}

void AccessLog::WriteGuardrail(std::string_view request_id, std::string_view failed,
                               std::string_view feedback, std::chrono::system_clock::time_point now) {
  if (!threshold_.Passes(LogLevel::kInfo)) return;
  char timestamp[TimestampFormatter::kLength];
  timestamps_.Format(now, timestamp);
  JsonLine line(buffer_, {timestamp, sizeof timestamp}, LogLevel::kInfo);
  line.Plain(kMsg, "guardrail");
  PutText(kRequestId, request_id, &line);
  PutText(kGuardrails, failed, &line);
  PutText(kFeedback, feedback, &line);
  ring_.Append(line.Finish());
}

JsonLine AccessLog::BeginStep(std::string_view request_id, std::string_view step,
                              std::chrono::system_clock::time_point now) {
  char timestamp[TimestampFormatter::kLength];
  timestamps_.Format(now, timestamp);
  JsonLine line(buffer_, {timestamp, sizeof timestamp}, LogLevel::kDebug);
  line.Plain(kMsg, step);
  line.Text(kRequestId, request_id);
  return line;
}

}  // namespace portolan::telemetry
