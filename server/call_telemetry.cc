#include "server/call_telemetry.h"

#include "absl/status/status.h"
#include "server/base/status_map.h"

namespace portolan {
namespace {

std::chrono::nanoseconds Between(net::TimePoint from, net::TimePoint to) {
  if (from == net::TimePoint() || to == net::TimePoint()) return std::chrono::nanoseconds(-1);
  return to - from;
}

int GrpcStatus(const core::CallRecord& record) {
  if (record.status == 499) return static_cast<int>(absl::StatusCode::kCancelled);
  return record.error ? static_cast<int>(RpcCode(*record.error)) : 0;
}

uint64_t Count(int64_t reported) { return reported < 0 ? 0 : static_cast<uint64_t>(reported); }

}  // namespace

void CallTelemetry::OnCallFinished(const core::CallRecord& record) {
  telemetry::CallRecord out;
  out.request_id = record.request_id;
  out.trace_id = record.trace_id;
  out.door = DoorOf(record.door);
  out.route =
      record.operation == nullptr ? std::string_view("other") : std::string_view(record.operation->route);
  out.path = record.path;
  out.method = record.method;
  out.peer = record.peer;
  out.client = record.client_subject;
  out.status = record.status;
  if (record.door == core::Door::kGrpc) out.grpc_status = GrpcStatus(record);
  out.provider = record.provider;
  out.model = record.model;
  out.target = record.target;
  out.caller = record.caller;
  out.config = record.named_route;
  out.option = record.option;
  out.tried = record.tried;
  out.decisions = record.decisions;
  out.guardrails = record.guardrails;
  out.feedback = record.feedback;
  out.middleware = record.middleware;
  out.middleware_ms = record.middleware_ms;
  out.stream = record.stream;
  out.reshaped = record.reshaped;
  out.attempts = record.attempts;
  out.resends = record.resends;
  out.upstream_status = record.upstream_status;
  out.upstream_request_id = record.upstream_request_id;
  out.error = record.error ? &*record.error : nullptr;
  out.finish = record.finish_reason;
  out.bytes_in = record.request_bytes;
  out.bytes_out = record.reply_bytes;
  out.tokens = {Count(record.usage.input), Count(record.usage.output), Count(record.usage.cached),
                Count(record.usage.reasoning)};
  out.duration = Between(record.received, record.finished);
  out.upstream = Between(record.upstream_started, record.finished);
  out.time_to_first_token = Between(record.received, record.first_content);
  metrics_.Record(out);
  log_.Write(out);
}

void CallTelemetry::OnStep(std::string_view request_id, std::string_view step,
                           std::initializer_list<core::StepMember> members) {
  constexpr size_t kMaxText = 1024;
  telemetry::JsonLine line = log_.BeginStep(request_id, step);
  for (const core::StepMember& member : members) {
    if (member.number) {
      line.Integer(member.key, *member.number);
    } else if (!member.text.empty()) {
      line.Text(member.key, member.text, kMaxText);
    }
  }
  log_.EndStep(&line);
}

}  // namespace portolan
