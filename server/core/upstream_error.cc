#include "server/core/upstream_error.h"

#include <chrono>
#include <string>

#include "server/base/json_text.h"
#include "server/upstream/failure.h"

namespace portolan::core {
namespace {

struct Row {
  upstream::FailureKind kind;
  ErrorClass error_class;
  int http_status;
  const char* code;
  bool retryable;
};

constexpr Row kRows[] = {
    {upstream::FailureKind::kDns, ErrorClass::kProvider, 502, "upstream_dns_failed", true},
    {upstream::FailureKind::kForbiddenAddress, ErrorClass::kPolicy, 403, "upstream_address_forbidden", false},
    {upstream::FailureKind::kConnectRefused, ErrorClass::kProvider, 502, "upstream_connection_refused", true},
    {upstream::FailureKind::kConnectFailed, ErrorClass::kProvider, 502, "upstream_connection_failed", true},
    {upstream::FailureKind::kConnectTimeout, ErrorClass::kProvider, 504, "upstream_connect_timeout", true},
    {upstream::FailureKind::kTls, ErrorClass::kProvider, 502, "upstream_tls_failed", true},
    {upstream::FailureKind::kProxy, ErrorClass::kGateway, 502, "upstream_proxy_failed", true},
    {upstream::FailureKind::kReset, ErrorClass::kProvider, 502, "upstream_reset", true},
    {upstream::FailureKind::kGarbage, ErrorClass::kProvider, 502, "upstream_invalid_answer", true},
    {upstream::FailureKind::kFirstByteTimeout, ErrorClass::kProvider, 504, "upstream_first_byte_timeout",
     true},
    {upstream::FailureKind::kIdleTimeout, ErrorClass::kProvider, 504, "upstream_idle_timeout", true},
};

// Who set the limit, for people.
std::string SetBy(const CallState& call, const TimeLimit& limit, bool of_target) {
  if (!of_target) return "by the caller";
  const std::string place = " (" + std::string(call.route.index) + ")";
  if (limit.owner == "caller") return "by the caller's config" + place;
  return "by the operator's route " + JsonString(call.named_route) + place;
}

std::chrono::milliseconds Rounded(net::Duration duration) {
  return std::chrono::round<std::chrono::milliseconds>(duration);
}

// The limits of gRPC's deadline; what was left of it when the call came.
TimeLimit RpcDeadline(const CallState& call) {
  return {"grpc-timeout", "caller", Rounded(call.in.deadline - call.in.received)};
}

Error TimedOut(const CallState& call, const TimeLimit& limit, bool of_target, std::string_view doing) {
  const bool callers = limit.owner == "caller";
  return {.error_class = callers ? ErrorClass::kCaller : ErrorClass::kGateway,
          .http_status = 408,
          .code = callers ? "request_timeout" : "target_timeout",
          .message = std::string(limit.name) + " of " + upstream::ToText(limit.length) + ", set " +
                     SetBy(call, limit, of_target) + ", ran out while " + std::string(doing),
          .retryable = true,
          .limit = limit};
}

}  // namespace

Error OutOfTime(const CallState& call, net::TimePoint deadline, std::string_view doing) {
  const bool of_target = call.route.attempt_timeout && deadline < call.wait.deadline;
  if (of_target) {
    const std::string_view owner = call.plan->from_operator ? "route" : "caller";
    return TimedOut(call, {"request_timeout", owner, *call.route.attempt_timeout}, of_target, doing);
  }
  const bool of_rpc = !call.budget || call.wait.deadline == call.in.deadline;
  return TimedOut(call, of_rpc ? RpcDeadline(call) : *call.budget, of_target, doing);
}

Error CancelledError(const CallState& call, std::string_view doing) {
  const net::CancelReason reason = call.in.scope->reason();
  // gRPC's own timer, which is earlier than ours by a hair.
  if (reason == net::CancelReason::kDeadline) return TimedOut(call, RpcDeadline(call), false, doing);
  // A write that failed tells of a caller who left before the scope does.
  if (reason == net::CancelReason::kClientGone || reason == net::CancelReason::kNone) {
    return {.error_class = ErrorClass::kCaller,
            .http_status = 499,
            .code = "client_closed_request",
            .message = "the caller went away"};
  }
  return {.http_status = 503,
          .code = "shutting_down",
          .message = "the gateway is shutting down",
          .retryable = true};
}

Error ToError(const CallState& call, const upstream::Failure& failure, net::Wait wait) {
  using enum upstream::FailureKind;
  if (failure.kind == kCancelled) return CancelledError(call, "calling the provider");
  if (failure.kind == kDeadline) {
    std::string_view doing = failure.message;
    if (doing.starts_with(upstream::kOutOfTime)) doing.remove_prefix(upstream::kOutOfTime.size());
    const bool by_scope = call.in.scope->reason() == net::CancelReason::kDeadline;
    return by_scope ? CancelledError(call, doing) : OutOfTime(call, wait.deadline, doing);
  }
  if (failure.kind == kSource) return *call.relayed->error();
  for (const Row& row : kRows) {
    if (row.kind != failure.kind) continue;
    return {.error_class = row.error_class,
            .http_status = row.http_status,
            .code = std::string(row.code),
            .message = failure.message,
            .retryable = row.retryable,
            .transport = row.http_status == 502 || row.http_status == 504};
  }
  return {.code = "internal_error", .message = failure.message};
}

}  // namespace portolan::core
