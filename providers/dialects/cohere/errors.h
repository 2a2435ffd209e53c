#pragma once

// Cohere's errors: `{"message","id"}` as the body of an answer, some with an `error_type`; and answers, whole
// or streamed, that end with the reason `ERROR`.

#include <span>
#include <string>
#include <string_view>

#include "providers/provider.h"
#include "server/base/error.h"
#include "server/base/header.h"

namespace portolan::providers::cohere {

// What an answer with an error status means. The code is the `error_type` if there is one.
Error ClassifyAnswer(int http_status, std::span<const HeaderView> headers, std::string_view body,
                     const Target& target);

// Whether a finish reason says that the answer failed: `ERROR`, `TIMEOUT`.
bool IsFailure(std::string_view finish_reason);

// The error of an answer that came under a good status and failed; `reason`: its finish reason, may be empty.
Error Failed(std::string_view reason, std::string message);

}  // namespace portolan::providers::cohere
