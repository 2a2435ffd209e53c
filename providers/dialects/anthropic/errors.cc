#include "providers/dialects/anthropic/errors.h"

#include <string>
#include <utility>

#include "providers/classify.h"
#include "server/base/utf8.h"

namespace portolan::providers::anthropic {
namespace {

// A provider's sentence goes into headers and metadata: more than this helps nobody.
constexpr size_t kMaxMessageBytes = 2048;

void Shorten(std::string* text) {
  if (text->size() <= kMaxMessageBytes) return;
  text->resize(CutUtf8(*text, kMaxMessageBytes).size());
  *text += "…";
}

int StatusOf(std::string_view type) {
  if (type == "invalid_request_error") return 400;
  if (type == "authentication_error") return 401;
  if (type == "billing_error") return 402;
  if (type == "permission_error") return 403;
  if (type == "not_found_error") return 404;
  if (type == "request_too_large") return 413;
  if (type == "rate_limit_error") return 429;
  if (type == "timeout_error") return 504;
  if (type == "overloaded_error") return 529;
  return 500;
}

// The status that servers of this dialect may tell besides: `"code":402`.
int ToldStatus(const ::anthropic::v1::ErrorDetail& detail) {
  int status = 0;
  for (const auto& extra : detail.extra()) {
    if (status == 0) status = StatusInError("{\"" + extra.name() + "\":" + extra.json() + "}", 0);
  }
  return status;
}

}  // namespace

Error ClassifyAnswer(int http_status, std::span<const HeaderView> headers, std::string_view body,
                     const Target& target) {
  ErrorMembers members;
  ReadErrorText(body, &members);
  // In Anthropic's own shape the type is what tells errors apart.
  std::string code = std::move(members.type.empty() ? members.code : members.type);
  Error error = AnsweredError(http_status, std::move(code), std::move(members.message), headers, target);
  // Anthropic says itself whether another attempt helps.
  const std::string_view should_retry = FindHeader(headers, "x-should-retry").value_or("");
  if (should_retry == "true") error.retryable = true;
  if (should_retry == "false") error.retryable = false;
  return error;
}

Error FromErrorDetail(const ::anthropic::v1::ErrorDetail& detail) {
  Error error;
  error.error_class = ErrorClass::kProvider;
  const int told = ToldStatus(detail);
  error.http_status = told == 0 ? StatusOf(detail.type()) : told;
  error.code = detail.type().empty() ? "upstream_error" : detail.type();
  error.type = OpenAiErrorType(error.http_status);
  error.message = detail.message().empty() ? "anthropic reported an error" : detail.message();
  Shorten(&error.message);
  error.retryable = error.http_status == 429 || error.http_status >= 500;
  return error;
}

}  // namespace portolan::providers::anthropic
