#include "providers/dialects/bedrock/errors.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "providers/classify.h"
#include "providers/dialects/common/json.h"
#include "providers/sigv4.h"
#include "server/base/text.h"

namespace portolan::providers::bedrock {
namespace {

namespace wire = ::bedrock::v1;

constexpr size_t kLongestName = 128;

struct Exception {
  std::string_view name;
  int status;
};
// What an event of that name would have been as an answer. AWS's own front has more names than the SDK.
constexpr std::array<Exception, 19> kExceptions = {{{"AccessDeniedException", 403},
                                                    {"ConflictException", 400},
                                                    {"ExpiredTokenException", 403},
                                                    {"InternalFailure", 500},
                                                    {"InternalServerException", 500},
                                                    {"InvalidSignatureException", 403},
                                                    {"ModelErrorException", 424},
                                                    {"ModelNotReadyException", 429},
                                                    {"ModelStreamErrorException", 502},
                                                    {"ModelTimeoutException", 408},
                                                    {"RequestTimeoutException", 408},
                                                    {"ResourceNotFoundException", 404},
                                                    {"ServiceQuotaExceededException", 400},
                                                    {"ServiceUnavailable", 503},
                                                    {"ServiceUnavailableException", 503},
                                                    {"ThrottlingException", 429},
                                                    {"TooManyRequestsException", 429},
                                                    {"UnrecognizedClientException", 403},
                                                    {"ValidationException", 400}}};

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && std::all_of(text.begin(), text.end(), [](char c) {
    return IsLetterOrDigit(c) || c == '_' || c == '.';
  });
}

// `ThrottlingException` of `ThrottlingException:http://internal.amazon.com/…` or
// `com.amazon…#ThrottlingException`.
std::string NameOf(std::string_view type) {
  type = type.substr(0, type.find(':'));
  type.remove_prefix(type.rfind('#') + 1);
  return std::string(IsName(type) ? type : std::string_view());
}

int StatusOf(std::string_view name) {
  const auto* const found = std::find_if(kExceptions.begin(), kExceptions.end(),
                                         [&](const Exception& exception) { return exception.name == name; });
  return found == kExceptions.end() ? 500 : found->status;
}

// What follows from the name besides what follows from the status.
void AddMeaning(Error* error) {
  // A model that fails is not the request's fault, and a quota may be free again later.
  const bool passes = error->code == "ModelErrorException" || error->code == "ServiceQuotaExceededException";
  if (!passes) return;
  error->error_class = ErrorClass::kProvider;
  error->retryable = true;
}

// `member`: the name of the event, `throttlingException`.
Error FromEvent(std::string_view member, std::string_view json) {
  Error error;
  error.code = member;
  if (!error.code.empty() && error.code[0] >= 'a' && error.code[0] <= 'z') {
    error.code[0] = static_cast<char>(error.code[0] - 'a' + 'A');
  }
  if (!IsName(error.code)) error.code = "upstream_error";
  ErrorMembers members;
  ReadJsonError(json, &members);
  error.message = std::move(members.message);
  if (error.message.empty()) error.message = "bedrock reported an error";
  error.http_status = StatusOf(error.code);
  error.type = OpenAiErrorType(error.http_status);
  const int status = error.http_status;
  error.error_class = status == 400 || status == 404 ? ErrorClass::kCaller : ErrorClass::kProvider;
  error.retryable = status == 408 || status == 429 || status >= 500;
  AddMeaning(&error);
  return error;
}

Error FromException(std::string_view member, const wire::Exception& exception) {
  const std::string& message = exception.message();
  return FromEvent(member,
                   JsonObjectOfText("message", message.empty() ? exception.original_message() : message));
}

// Of events that are not known: exceptions have such a name, errors nothing but a message.
bool IsError(std::string_view member, std::string_view json) {
  return member.ends_with("Exception") || member.ends_with("Error") || !JsonMember(json, "message").empty();
}

}  // namespace

Error ClassifyAnswer(int http_status, std::span<const HeaderView> headers, std::string_view body,
                     const Target& target) {
  ErrorMembers members;
  ReadErrorText(body, &members);
  std::string code = NameOf(FindHeader(headers, "x-amzn-errortype").value_or(""));
  if (code.empty()) code = std::move(members.type.empty() ? members.code : members.type);
  Error error = AnsweredError(http_status, std::move(code),
                              std::string(sigv4::WithoutWhatWasSigned(members.message)), headers, target);
  AddMeaning(&error);
  return error;
}

std::optional<Error> ErrorInEvent(const wire::StreamEvent& event) {
  if (event.has_throttling_exception()) {
    return FromException("throttlingException", event.throttling_exception());
  }
  if (event.has_validation_exception()) {
    return FromException("validationException", event.validation_exception());
  }
  if (event.has_service_unavailable_exception()) {
    return FromException("serviceUnavailableException", event.service_unavailable_exception());
  }
  if (event.has_internal_server_exception()) {
    return FromException("internalServerException", event.internal_server_exception());
  }
  if (event.has_model_stream_error_exception()) {
    return FromException("modelStreamErrorException", event.model_stream_error_exception());
  }
  for (const auto& extra : event.extra()) {
    if (IsError(extra.name(), extra.json())) return FromEvent(extra.name(), extra.json());
  }
  return std::nullopt;
}

}  // namespace portolan::providers::bedrock
