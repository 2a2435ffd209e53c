#include "providers/dialects/minimax/errors.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "providers/classify.h"

namespace portolan::providers::minimax {
namespace {

// What HTTP would have said. Others are for trying again, as the page says of most.
int StatusOf(int64_t code) {
  switch (code) {
    case 1026:  // what was sent is not allowed
    case 1027:  // what was answered is not allowed
    case 1042:  // too many characters that nobody sees
    case 1043:  // these, and those from 2037 on, are of voices
    case 1044:
    case 2013:
    case 2037:
    case 2039:
    case 2048:
    case 20132:
      return 400;
    case 1004:
    case 2049:
      return 401;
    case 1008:
      return 402;
    case 2042:
      return 403;
    case 1002:
    case 1039:
    case 1041:
    case 2045:
    case 2056:
      return 429;
    case 1001:
      return 504;
    default:
      return 502;
  }
}

}  // namespace

std::optional<Error> ErrorInAnswer(const Extras& extras) {
  const std::string_view told = FindExtra(extras, "base_resp");
  if (told.empty()) return std::nullopt;
  const std::optional<int64_t> code = JsonInteger(JsonMember(told, "status_code"));
  if (!code || *code == 0) return std::nullopt;
  const int status = StatusOf(*code);
  Error error;
  error.http_status = status;
  error.error_class = status == 400 ? ErrorClass::kCaller : ErrorClass::kProvider;
  error.retryable = status == 429 || status >= 500;
  error.code = std::to_string(*code);
  error.type = OpenAiErrorType(status);
  error.message = JsonText(JsonMember(told, "status_msg"));
  if (error.message.empty()) error.message = "minimax answered with status_code " + error.code;
  return error;
}

}  // namespace portolan::providers::minimax
