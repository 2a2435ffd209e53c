#pragma once

// Bedrock's errors: `{"message"}` as the body of an answer, whose header `x-amzn-errortype` names the
// exception; in a stream an exception of its own. Source of the names and statuses:
// @aws-sdk/client-bedrock-runtime 3.1164.

#include <optional>
#include <span>
#include <string_view>

#include "bedrock/v1/response.pb.h"
#include "providers/provider.h"
#include "server/base/error.h"
#include "server/base/header.h"

namespace portolan::providers::bedrock {

// What an answer with an error status means. The code is the exception's name (`ThrottlingException`), the
// status stays.
Error ClassifyAnswer(int http_status, std::span<const HeaderView> headers, std::string_view body,
                     const Target& target);

// The exception or error that an event is; nullopt if it is neither. It has the status that its name stands
// for elsewhere, but for a model that failed while it was streaming: 502, as AWS says to send the request
// again.
std::optional<Error> ErrorInEvent(const ::bedrock::v1::StreamEvent& event);

}  // namespace portolan::providers::bedrock
