#include "server/base/status_map.h"

namespace portolan {
namespace {

using absl::StatusCode;

struct Row {
  int http_status;
  StatusCode code;
};

// Statuses whose code does not depend on who is at fault.
constexpr Row kTable[] = {
    {400, StatusCode::kInvalidArgument},    {402, StatusCode::kFailedPrecondition},
    {404, StatusCode::kNotFound},           {405, StatusCode::kUnimplemented},
    {408, StatusCode::kDeadlineExceeded},   {409, StatusCode::kAborted},
    {410, StatusCode::kNotFound},           {412, StatusCode::kFailedPrecondition},
    {413, StatusCode::kResourceExhausted},  {414, StatusCode::kResourceExhausted},
    {424, StatusCode::kFailedPrecondition}, {425, StatusCode::kUnavailable},
    {429, StatusCode::kResourceExhausted},  {431, StatusCode::kResourceExhausted},
    {446, StatusCode::kFailedPrecondition}, {451, StatusCode::kPermissionDenied},
    {499, StatusCode::kCancelled},          {501, StatusCode::kUnimplemented},
    {502, StatusCode::kUnavailable},        {503, StatusCode::kUnavailable},
    {504, StatusCode::kDeadlineExceeded},   {529, StatusCode::kUnavailable},
};

}  // namespace

absl::StatusCode RpcCode(const Error& error) {
  const int status = error.http_status;
  const bool provider = error.error_class == ErrorClass::kProvider;
  if (error.code == "unsupported_operation") return StatusCode::kUnimplemented;
  if (status == 401) return provider ? StatusCode::kFailedPrecondition : StatusCode::kUnauthenticated;
  if (status == 403) return provider ? StatusCode::kFailedPrecondition : StatusCode::kPermissionDenied;
  for (const Row& row : kTable) {
    if (row.http_status == status) return row.code;
  }
  if (status >= 400 && status < 500) return StatusCode::kInvalidArgument;
  // A provider's failure may be gone at the next try, or with another provider; one of our own is a bug.
  return provider ? StatusCode::kUnavailable : StatusCode::kInternal;
}

}  // namespace portolan
