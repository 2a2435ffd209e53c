#include "server/rpc/status.h"

#include <string>
#include <string_view>

#include "absl/strings/str_join.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/base/status_map.h"
#include "server/base/utf8.h"

namespace portolan::rpc {
namespace {

// With the type names and numbers around them these sum up to less than 4 KB.
constexpr size_t kMaxMessage = 1024;
constexpr size_t kMaxDescription = 512;
constexpr size_t kMaxParam = 256;
constexpr size_t kMaxWord = 128;
constexpr size_t kMaxTried = 768;
constexpr size_t kMaxUpstream = 256;

// At most `limit` bytes of `text`, cut between characters.
std::string Cut(std::string_view text, size_t limit) {
  constexpr std::string_view kEllipsis = "…";
  if (text.size() <= limit) return std::string(text);
  return std::string(CutUtf8(text, limit - kEllipsis.size())).append(kEllipsis);
}

void AddErrorInfo(const Error& error, google::rpc::Status* status) {
  google::rpc::ErrorInfo info;
  info.set_reason(Cut(error.code, kMaxWord));
  info.set_domain("portolan");
  auto& metadata = *info.mutable_metadata();
  metadata["class"] = std::string(ToString(error.error_class));
  metadata["http_status"] = std::to_string(error.http_status);
  metadata["type"] =
      error.type.empty() ? std::string(OpenAiErrorType(error.http_status)) : Cut(error.type, kMaxWord);
  if (!error.param.empty()) metadata["param"] = Cut(error.param, kMaxParam);
  metadata["attempts"] = std::to_string(error.attempts);
  metadata["retryable"] = error.retryable ? "true" : "false";
  if (error.retry_after) metadata["retry_after_ms"] = std::to_string(error.retry_after->count());
  if (error.limit) {
    metadata["limit"] = std::string(error.limit->name);
    metadata["limit_owner"] = std::string(error.limit->owner);
    metadata["limit_ms"] = std::to_string(error.limit->length.count());
  }
  if (!error.tried.empty()) metadata["tried"] = Cut(absl::StrJoin(error.tried, "; "), kMaxTried);
  if (!error.upstream_url.empty()) {
    metadata["upstream"] = Cut(error.upstream_method + " " + error.upstream_url, kMaxUpstream);
  }
  status->add_details()->PackFrom(info);
}

void AddRetryInfo(std::chrono::milliseconds delay, google::rpc::Status* status) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(delay.count() / 1000);
  info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(delay.count() % 1000) * 1'000'000);
  status->add_details()->PackFrom(info);
}

void AddBadRequest(const Error& error, google::rpc::Status* status) {
  google::rpc::BadRequest request;
  auto* violation = request.add_field_violations();
  violation->set_field(Cut(error.param, kMaxParam));
  violation->set_description(Cut(error.message, kMaxDescription));
  status->add_details()->PackFrom(request);
}

}  // namespace

namespace {

// What guardrails have found. Left out where it would not fit into the metadata that clients accept.
void AddHookResults(const HookResultsText& results, google::rpc::Status* status) {
  constexpr size_t kMaxResults = 3072;
  if (results.wire.size() > kMaxResults) return;
  google::protobuf::Any* const any = status->add_details();
  any->set_type_url("type.googleapis.com/portolan.v1.HookResults");
  any->set_value(results.wire);
}

}  // namespace

grpc::Status ToGrpcStatus(const Error& error) {
  const auto code = static_cast<grpc::StatusCode>(RpcCode(error));
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(Cut(error.message, kMaxMessage));
  AddErrorInfo(error, &status);
  if (error.retry_after) AddRetryInfo(*error.retry_after, &status);
  if (!error.param.empty()) AddBadRequest(error, &status);
  if (error.hook_results != nullptr) AddHookResults(*error.hook_results, &status);
  return grpc::Status(code, status.message(), status.SerializeAsString());
}

}  // namespace portolan::rpc
