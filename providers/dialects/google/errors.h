#pragma once

// Google's errors: `{"error":{"code","message","status","details":[…]}}` (google.rpc.Status), also as the
// only element of a list, as the body of an answer and as an event of a stream.

#include <span>
#include <string_view>

#include "providers/provider.h"
#include "server/base/error.h"
#include "server/base/header.h"

namespace portolan::providers::gemini {

// What an answer with an error status means. The code is Google's word (`RESOURCE_EXHAUSTED`). When to come
// again stands in the details (google.rpc.RetryInfo), unless a header tells. A key that is refused comes as a
// 400.
Error ClassifyAnswer(int http_status, std::span<const HeaderView> headers, std::string_view body,
                     const Target& target);

// An error inside an answer with a good status; `json` is what stands under `error`. Its status is its
// `code`, else the one that its word stands for.
Error ErrorInAnswer(std::string_view json);

}  // namespace portolan::providers::gemini
