#pragma once

// Anthropic's errors: `{"type":"error","error":{"type","message"},"request_id"}`, as the body of an answer
// with an error status and as an event of a stream.

#include <span>
#include <string_view>

#include "anthropic/v1/response.pb.h"
#include "providers/provider.h"
#include "server/base/error.h"
#include "server/base/header.h"

namespace portolan::providers::anthropic {

// What an answer with an error status means. The code is Anthropic's `type`; its statuses are kept, 529 too.
Error ClassifyAnswer(int http_status, std::span<const HeaderView> headers, std::string_view body,
                     const Target& target);

// An error inside an answer with a good status. Its own status is the one that errors of its type have
// elsewhere.
Error FromErrorDetail(const ::anthropic::v1::ErrorDetail& detail);

}  // namespace portolan::providers::anthropic
