#include "server/core/upstream_error.h"

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
    {upstream::FailureKind::kDeadline, ErrorClass::kCaller, 408, "request_timeout", true},
};

}  // namespace

Error ToError(const upstream::Failure& failure, const net::CancelScope* scope) {
  if (failure.kind == upstream::FailureKind::kCancelled) {
    return CancelledError(scope == nullptr ? net::CancelReason::kClientGone : scope->reason());
  }
  Error error;
  error.message = failure.message;
  for (const Row& row : kRows) {
    if (row.kind != failure.kind) continue;
    error.error_class = row.error_class;
    error.http_status = row.http_status;
    error.code = row.code;
    error.retryable = row.retryable;
    error.transport = row.http_status == 502 || row.http_status == 504;
    return error;
  }
  error.code = "internal_error";
  return error;
}

Error CancelledError(net::CancelReason reason) {
  Error error;
  if (reason == net::CancelReason::kClientGone) {
    error.error_class = ErrorClass::kCaller;
    error.http_status = 499;
    error.code = "client_closed_request";
    error.message = "the caller went away";
  } else {
    error.error_class = ErrorClass::kGateway;
    error.http_status = 503;
    error.code = "shutting_down";
    error.message = "the gateway is shutting down";
    error.retryable = true;
  }
  return error;
}

}  // namespace portolan::core
