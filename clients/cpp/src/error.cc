#include "portolan/error.h"

#include <charconv>
#include <cstdio>

#include "metadata.h"
#include "portolan/client/status.pb.h"

namespace portolan {
namespace {

// gRPC's names, by number; https://grpc.github.io/grpc/core/md_doc_statuscodes.html.
constexpr std::string_view kStatusNames[] = {
    "OK",        "CANCELLED",       "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS",  "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",    "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED",
};

// What is no number counts as not said.
int Number(const std::map<std::string, std::string>& info, const char* name) {
  const auto found = info.find(name);
  int number = 0;
  if (found != info.end()) {
    const std::string& text = found->second;
    std::from_chars(text.data(), text.data() + text.size(), number);
  }
  return number;
}

std::string Text(const std::map<std::string, std::string>& info, const char* name) {
  const auto found = info.find(name);
  return found == info.end() ? "" : found->second;
}

ErrorClass ClassNamed(std::string_view name) {
  for (const ErrorClass each : {ErrorClass::kCaller, ErrorClass::kPolicy, ErrorClass::kProvider}) {
    if (name == NameOf(each)) return each;
  }
  return ErrorClass::kGateway;
}

void ReadInfo(const client::ErrorInfo& told, Error& error) {
  error.code = told.reason();
  error.info = {told.metadata().begin(), told.metadata().end()};
  error.error_class = ClassNamed(Text(error.info, "class"));
  error.attempts = Number(error.info, "attempts");
  error.http_status = Number(error.info, "http_status");
  error.retryable = Text(error.info, "retryable") == "true";
  error.param = Text(error.info, "param");
}

// google.rpc.Status, in the trailer; https://grpc.io/docs/guides/error/.
void ReadDetails(const std::string& bytes, Error& error) {
  client::Status status;
  if (!status.ParseFromString(bytes)) return;
  for (const auto& detail : status.details()) {
    client::ErrorInfo info;
    client::RetryInfo retry;
    if (detail.type_url().ends_with("/google.rpc.ErrorInfo")) {
      if (info.ParseFromString(detail.value()) && info.domain() == "portolan") ReadInfo(info, error);
    } else if (detail.type_url().ends_with("/google.rpc.RetryInfo") &&
               retry.ParseFromString(detail.value())) {
      error.retry_delay = std::chrono::milliseconds(retry.retry_delay().seconds() * 1000 +
                                                    retry.retry_delay().nanos() / 1'000'000);
    }
  }
}

// What gRPC's library says by itself.
void ReadStatus(Error& error) {
  switch (error.status) {
    case grpc::StatusCode::UNAVAILABLE:
      error.code = "gateway_unreachable";
      return;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      error.error_class = ErrorClass::kCaller;
      error.code = "request_timeout";
      return;
    case grpc::StatusCode::CANCELLED:
      error.error_class = ErrorClass::kCaller;
      error.code = "client_closed_request";
      return;
    default:
      error.code = NameOf(error.status);
      for (char& letter : error.code) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
      }
  }
}

}  // namespace

std::string_view NameOf(ErrorClass error_class) {
  switch (error_class) {
    case ErrorClass::kCaller:
      return "caller";
    case ErrorClass::kPolicy:
      return "policy";
    case ErrorClass::kProvider:
      return "provider";
    case ErrorClass::kGateway:
      break;
  }
  return "gateway";
}

std::string_view NameOf(grpc::StatusCode status) {
  const auto number = static_cast<size_t>(status);
  return number < std::size(kStatusNames) ? kStatusNames[number] : "UNKNOWN";
}

std::string Error::ToString() const {
  std::string text = message;
  text.append(" (").append(NameOf(error_class)).append(" ").append(code);
  return text.append(", ").append(NameOf(status)).append(")");
}

Error Error::Of(const grpc::Status& status, const grpc::ClientContext& context) {
  Error error;
  error.status = status.error_code();
  error.message = status.error_message();
  error.headers = internal::Plain(context.GetServerTrailingMetadata());
  ReadDetails(status.error_details(), error);
  if (error.code.empty()) ReadStatus(error);
  return error;
}

namespace internal {

void EndOf(const Error& error) {
  std::fprintf(stderr, "portolan: the answer of a call that failed was taken: %s\n",
               error.ToString().c_str());
  std::abort();
}

}  // namespace internal

}  // namespace portolan
